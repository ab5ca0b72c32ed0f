"""The tables of the batch-size study."""

from unscene.run.tables import Column, Table

_SIZE = (
    Column("trial", "text", "the size, or `1 again` for the second round at n = 1"),
    Column("captions_per_prompt", "integer", "n, the size", "captions"),
)
DESIGN = Table(
    "batchsize/design.parquet",
    "caption in a prompt",
    (
        *_SIZE,
        Column("permutation", "integer", "the partition and order, from 0"),
        Column("custom_id", "text", "the request"),
        Column("position", "integer", "the caption's place in its prompt, from 0"),
        Column("size", "integer", "captions of this prompt: fewer than n in a last one", "captions"),
        Column("caption_id", "text", "the caption"),
    ),
)
CAPTIONS = Table(
    "batchsize/captions.parquet",
    "caption of the batch-size study",
    (
        Column("caption_id", "text", "the first photo that has it, and its place there"),
        Column("caption", "text", "the caption on one line"),
        Column("image_ids", "texts", "all photos that have it"),
        Column("mentions", "texts", "the words that its source says it names; null where it does not say"),
        Column(
            "stratum", "text", "words that the lexicon finds (0, 1, 2, 3+), and whether a form is ambiguous"
        ),
    ),
)
ACCURACY = Table(
    "batchsize/accuracy.parquet",
    "size, and the second round at n = 1",
    (
        *_SIZE,
        Column("permutations", "integer", "partitions and orders in which the captions were asked"),
        Column("captions", "integer", "captions asked", "captions"),
        Column("models", "text", "the models that answered"),
        Column("prompts", "integer", "prompts that the endpoint served", "prompts"),
        Column("answered", "integer", "answers to a caption in prompts of right form", "answers"),
        Column(
            "again", "integer", "answers that came with a smaller prompt, after one of wrong form", "answers"
        ),
        Column(
            "undelivered", "integer", "captions of prompts of wrong form that no answer came to", "answers"
        ),
        Column("exact", "number", "share of captions with exactly the right words, none delivered is wrong"),
        Column("precision", "number", "share of the answered words that are right, over all captions"),
        Column("recall", "number", "share of the right words that were answered, over all captions"),
        Column("f1", "number", "harmonic mean of precision and recall"),
        Column("f1_macro", "number", "mean F1 of the words that occur"),
        Column("words_per_caption", "number", "words answered to a caption", "words"),
        Column("difference", "number", "share of exact captions minus that at n = 1, of both rounds"),
        Column("low", "number", "one-sided 95 % lower bound of the difference"),
        Column("high", "number", "one-sided 95 % upper bound of the difference"),
        Column("error", "number", "standard error of the difference"),
        Column("widening", "number", "factor for captions that sit in several prompts, 1 without any"),
        Column("power", "number", "chance that a size as good as n = 1 has its bound above -margin"),
        Column("detectable", "number", "loss that is told from none with a power of 90 %"),
        Column(
            "discordance",
            "number",
            "share of captions that an answer at n and one at 1 do not both get right, or wrong",
        ),
        Column("recall_difference", "number", "recall minus that of the first round at n = 1"),
        Column("recall_low", "number", "one-sided 95 % lower bound of recall_difference"),
        Column("lost", "integer", "captions right at n = 1 only, of the first permutation", "captions"),
        Column("won", "integer", "captions right at n only, of the first permutation", "captions"),
        Column("mcnemar_p", "number", "exact two-sided p of McNemar's test, whole prompts flipped"),
        Column("detected_errors", "integer", "prompts whose form is wrong, which a run sees", "prompts"),
        Column("detected_rate", "number", "detected_errors as a share of the prompts"),
        Column("unserved", "integer", "prompts without an answer that says anything of n", "prompts"),
        Column("shifts", "integer", "prompts whose answers slipped to their neighbours unseen", "prompts"),
        Column("shift_sensitivity", "number", "share of planted shifts that is found"),
        Column("shift_upper", "number", "95 % upper bound of the share of shifted prompts, found or not"),
        Column("first_tenth_error", "number", "share of wrong answers in the first tenth of the prompts"),
        Column("last_tenth_error", "number", "share of wrong answers in the last tenth of the prompts"),
        Column("decline", "number", "loss of exact captions from first to last place, against n = 1"),
        Column("decline_low", "number", "one-sided 95 % lower bound of decline"),
        Column("decline_high", "number", "one-sided 95 % upper bound of decline"),
        Column("decline_error", "number", "standard error of decline"),
        Column("decline_power", "number", "chance that a size without decline has its upper bound in place"),
        Column("permutation_range", "number", "range of the exact share over the permutations"),
        Column("input_tokens_per_caption", "number", "input tokens of a caption", "tokens"),
        Column("output_tokens_per_caption", "number", "output tokens of a caption", "tokens"),
        Column("usd_billed", "number", "what the prompts of this size were billed", "US dollars"),
        Column("usd_per_1000", "number", "dollars of 1,000 captions", "US dollars"),
        Column(
            "usd", "number", "dollars of all captions of the run, faulty prompts asked twice", "US dollars"
        ),
        Column("usd_source", "text", "billed tokens, or estimate"),
        Column("verdict", "text", "passed, failed, not decided or not tested; null at n = 1"),
        Column("reason", "text", "why; null at n = 1"),
        Column("gold", "text", "what is right: labels, mentions or reference (n = 1 itself)"),
        Column("measure", "text", "what the share of exact captions is: accuracy, or agreement with whom"),
        Column("simulated", "boolean", "whether answers were made from the lexicon, not by a model"),
    ),
)
BY_WORD = Table(
    "batchsize/by_word.parquet",
    "size and word that occurs",
    (
        *_SIZE,
        Column("word", "text", "the word"),
        Column("right", "number", "captions that name it and whose answer has it, weighted as the gold is"),
        Column("extra", "number", "captions whose answer has it and that do not name it"),
        Column("missed", "number", "captions that name it and whose answer lacks it"),
        Column("precision", "number", "right / (right + extra)"),
        Column("recall", "number", "right / (right + missed)"),
        Column("f1", "number", "2 right / (2 right + extra + missed)"),
    ),
)
