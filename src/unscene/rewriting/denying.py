"""Says of a scene's caption that an object is not there, in a wording that fits what the scene is."""

import re

from unscene.rewriting.parsing.caption_tree import read_caption
from unscene.rewriting.parsing.participles import is_sentence, name_scene
from unscene.rewriting.parsing.plain_caption import MOST_LETTERS
from unscene.words.phrasings import PLAIN_PHRASINGS, SCENE, explain_phrasing, small_start
from unscene.words.vocabulary import Vocabulary


def negate(scene: str, category: str, phrasing: str, vocabulary: Vocabulary) -> str:
    """Return a scene's caption with the statement that the category is not there.

    The wording fits what the scene is: a noun phrase ("No dog here, just a cat on a mat."), a
    sentence, or no more than a photo ("A photo without a dog."). A text of more than MOST_LETTERS
    letters is not read, and stands as a sentence.
    """
    names = vocabulary.name_object(category)
    text = scene.strip().rstrip(" .!,;")
    if text.lower() in ("a photo", "a picture", "an image"):
        return PLAIN_PHRASINGS[phrasing].format(**names)
    if phrasing in ("no_here", "photo_without", "photo_has_no", "where_no"):
        text = re.sub(r"^a photo of ", "", text, flags=re.IGNORECASE)
    explained = explain_phrasing(category, phrasing, vocabulary)
    if phrasing in ("no_here", "photo_has_no"):
        named = None if len(text) > MOST_LETTERS else name_scene(text, vocabulary)
        # A pronoun that acts stays a sentence: no "just he holding a jug".
        if named is None or not re.match(r"[\w\"']", named) or _ACTS.match(text):
            return explained.replace(f", just {SCENE}", f": {small_start(text)}")
        if re.search(r"\b(?:photo|photograph|picture|image)s?\b", text):
            explained = explained.replace(" in this photo, just ", ", just ")  # no photo in a photo
        text = named
    if phrasing == "comma_no" and (len(text) > MOST_LETTERS or is_sentence(read_caption(text, vocabulary))):
        return f"{text}, no {names['no']} around."
    if phrasing in ("without", "with_no") and re.search(r"\b(?:with|without|and|while|as|has|have)\b", text):
        text += ","  # else it would belong to the last noun: "a man with a bag without a dog"
    return explained.replace(SCENE, text if explained.startswith(SCENE) else small_start(text))


_ACTS = re.compile(r"(?i)(?:he|she|they|we|i|you|it) [a-z]")
