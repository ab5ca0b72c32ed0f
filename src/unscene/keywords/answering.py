"""Answer the keyword requests of one shard: from the lexicon, or from paid answers of the Batch API."""

from unscene.answers.answering import answer_requests
from unscene.answers.batch_lines import build_answer
from unscene.answers.prompts import read_captions
from unscene.machine.job import Job
from unscene.words.vocabulary import Vocabulary


def answer_keywords(job: Job) -> None:
    """Write one answer line a request, in their order. inputs: requests; outputs: answers, followups."""
    answer_requests(job)


def answer_from_lexicon(request: dict, vocabulary: Vocabulary) -> dict:
    """Return the answer line of the lexicon, which reads the captions out of the request as a model does."""
    words = [{"w": vocabulary.find_words(caption)} for caption in read_captions(request)]
    return build_answer(request, "lexicon", words)
