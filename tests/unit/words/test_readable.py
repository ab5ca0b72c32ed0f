"""What the offline lexicon cannot read: too long, no words, another language; and what it must not
take for that.
"""

import pytest

from unscene.words.readable import MOST_CHARACTERS, OBSTACLES, find_obstacle


@pytest.mark.parametrize(
    ("caption", "reason"),
    [
        ("草地上有一只狗", "not English: Chinese or Japanese"),
        ("木の下で眠る猫", "not English: Chinese or Japanese"),
        ("벤치에 앉은 남자", "not English: Korean"),
        ("Мальчик с мячом", "not English: Cyrillic"),
        ("رجل على دراجة", "not English: Arabic"),
        ("Ένα παιδί με ποδήλατο", "not English: Greek"),
        ("Eine Frau mit einem roten Schirm", "not English: looks like German"),
        ("Zwei Jungen spielen mit Bällen", "not English: looks like German"),
        ("Una mujer con un paraguas rojo", "not English: looks like Spanish"),
        ("Un enfant mange une pomme dans le jardin", "not English: looks like French"),
        ("Twee katten op het dak", "not English: looks like Dutch"),
        ("ek ladka cycle par baitha hai", "not English: looks like Hindi"),
        ("malchik sidit na skameyke u reki", "not English: looks like Russian"),
        ("yi ge nan ren zai shafa shang", "not English: looks like Chinese"),
        ("\U0001f436\U0001f333 !!", "no words"),
        ("2019 / 4 : 3", "no words"),
        ("https://example.org/a-dog-on-a-bench.jpg", "no words"),
        ("", "no words"),
        ("dog " * MOST_CHARACTERS, "too long"),
    ],
)
def test_an_obstacle_is_named(caption, reason):
    found = find_obstacle(caption)
    assert found is not None and found.startswith(reason)
    assert found.split(":")[0] in OBSTACLES


@pytest.mark.parametrize(
    "caption",
    [
        "A dog on a bench",
        "Dog",
        "Beach at Playa de la Concha",
        "Rio de Janeiro",
        "Chateau de Chillon, Lac Leman, photo",
        "Piñata on a table by the café",
        "\U0001f436 my dog and me",
        "Sign says 出口 above the door",
        "Trattoria da Luigi",
        "Man on skis on snow",
        "In den Alps",
        "IKEA Poäng armchair",
        "Hogsmeade Station",
        "Chico café sign",
        "Café au lait",
        "Menu: crème brûlée",
        "Rower, Orléans",
        "Psy, Beyoncé",
    ],
)
def test_names_and_signs_are_no_other_language(caption):
    assert find_obstacle(caption) is None


@pytest.mark.parametrize(
    "caption", ["un oiseau mange la pomme", "un train la nuit", "tasse de thé, vase de Chine"]
)
def test_a_language_that_has_the_same_words_is_named_too(caption):
    assert "French" in find_obstacle(caption)
