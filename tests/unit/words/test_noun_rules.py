"""The rules on nouns: kinds of words around a form, what each rule is for, and the short cut."""

import pytest
from test_lexicon import SENSES, TRAPS

from unscene.words import noun_rules
from unscene.words.coco80 import COCO80

find_words = COCO80.find_words

# Kinds of words around a form, several of each kind: none is a phrase of the lexicon file.
KINDS = {
    "a noun and a participle are a clause": [
        ("Two firefighters dousing a blaze", "person"),
        ("Four waiters carrying trays", "person"),
        ("Several painters whitewashing a fence", "person"),
        ("His pony clearing a hedge", "horse"),
        ("A horse racing past the stand", "horse"),
        ("Horse racing at dusk", ""),
        ("Bird watching in spring", ""),
    ],
    "a noun before a noun describes it": [
        ("A hamster in a pirate hat", ""),
        ("A sailor suit on a hanger", ""),
        ("A fireman helmet", ""),
        ("An owl mug", "cup"),
        ("An otter and a cat night light", ""),
        ("A zebra rug", ""),
        ("A pizza wallpaper", ""),
        ("A kite museum", ""),
        ("A princess tiara", ""),
        ("An owl cushion", ""),
        ("A boat shed", ""),
        ("Peach and banana leaves", ""),
        ("A hook with pirate medals on it", ""),
        ("A goose crossing sign", ""),
        ("Cat grooming lessons", ""),
        ("Many pilgrim boats", "boat"),
    ],
    "parts, groups, pictures": [
        ("A bus window", "bus"),
        ("The car door", "car"),
        ("A sheep herd", "sheep"),
        ("A cow statue", "cow"),
        ("Pizza slices", "pizza"),
        ("A strap and a backpack zipper", "backpack"),
        ("A flamingo chick", "bird"),
        ("A banana peel", "banana"),
        ("A slice of orange in tea", "orange"),
        ("A clock tower structure", "clock"),
        ("A horse carriage", ""),
    ],
    "a verb after its subject": [
        ("The umbrella stands in a corner", "umbrella"),
        ("An umbrella stand", ""),
        ("A hydrant and a sign stand there", "fire hydrant"),
        ("The truck stops at a light", "truck"),
        ("Two truck stops", ""),
        ("A cat naps on a sill", "cat"),
        ("Firefighter aims a hose", "person"),
        ("Three zebra stand in dust", "zebra"),
        ("A dog that's wet", "dog"),
        ("A herd of zebra stand in a gorge", "zebra"),
        ("A kettle and a toaster gleam", "toaster"),
        ("A gate and a ram stand next to a wall", "sheep"),
        ("A hound pants by a door", "dog"),
        ("The airplane leaves a trail", "airplane"),
        ("Personnel march in a square", "person"),
    ],
    "a form that is a verb": [
        ("Vines crowd the gate", ""),
        ("Cars crowd around", "car"),
        ("A woman bikes to work", "person"),
        ("A man kayaks down a river", "person"),
        ("She ducks under a beam", ""),
        ("Two ducks under a bridge", "bird"),
        ("Bear with me", ""),
        ("A bear with cubs", "bear"),
        ("They train at dawn", ""),
        ("Ship it by noon", ""),
        ("Bears a crack in its rim", ""),
        ("Jets taxi on wet tar", "airplane"),
    ],
    "a number of things": [
        ("A couple pears", ""),
        ("A couple dozen eggs", ""),
        ("A couple large suitcases", "suitcase"),
        ("A couple of pears", ""),
        ("A couple poses on a pier", "person"),
        ("A couple kissing", "person"),
        ("A family of otters", ""),
        ("A family of ducks", "bird"),
        ("A family of five", "person"),
        ("The giraffe family", "giraffe"),
        ("A crowd of gulls", "bird"),
        ("A couple ducks by a barn", "bird"),
        ("A couple inches of dust", ""),
        ("A motorcycle gang", "person"),
    ],
    "mothers and young of animals": [
        ("A mother and baby hippo", ""),
        ("An adult and two baby elephants", "elephant"),
        ("A giraffe with her baby", "giraffe"),
        ("A baby brown bear", "bear"),
        ("A mother with her baby", "person"),
        ("A baby and a dog", "person|dog"),
        ("A child feeding goats", "person"),
        ("A tan dog and a child in a red top", "person|dog"),
        ("A cow with her calf and two kids", "person|cow"),
        ("A mother and her two cubs", ""),
        ("A giraffe and her calf", "giraffe"),
        ("An elephant calf", "elephant"),
        ("A cow and her calf", "cow"),
        ("A father and small penguin", "bird"),
    ],
    "adjectives made of a noun": [
        ("A car-shaped bed", "bed"),
        ("A clock - shaped cake", "cake"),  # as Conceptual Captions sets its hyphens
        ("Photo of a dog - stock photo", "dog"),
        ("A picture of a kite - cars below", "car|kite"),
        ("A cat themed party", ""),
        ("A cake shaped like a train", "train|cake"),
        ("A horse-drawn sleigh", "horse"),
        ("Giraffe print", ""),
    ],
    "of a kind, or of somebody": [
        ("Women's shoes", ""),
        ("The men's room", ""),
        ("The women's final", ""),
        ("A doctor's office", ""),
        ("A man's shoe", "person"),
        ("A chef's tall hat", ""),
        ("The chef's hat is tall", "person"),
        ("A batter's helmet", "person"),
        ("A barber's beard", "person"),
        ("women 's draw", ""),
        ("A plumber's wrench", ""),
        ("A plumber's thumb", "person"),
        ("Boy's sweater", ""),
        ("The boy's sweater", "person"),
    ],
    "for a kind of people": [
        ("Sandals for brides", ""),
        ("Gifts for uncles", ""),
        ("He searches for hikers", "person"),
        ("A hut at the pass for hikers", "person"),
        ("Soup for the hikers", "person"),
        ("A girls hockey final", ""),
        ("Ladies backpack", "backpack"),
        ("Ladies dress shirts", ""),
        ("Ladies dress in black", "person"),
    ],
    "names of teams": [
        ("A poster of the Fresno Hawks", ""),
        ("Hawks over a pine", "bird"),
        ("Two Shetland Ponies nibble hay", "horse"),
        ("HAWKS AND OWLS", "bird"),
    ],
    "insects and plants by people's words": [
        ("A lady bug on a leaf", ""),
        ("A monarch butterfly", ""),
        ("An old man cactus", ""),
        ("A lady bird on a leaf", ""),
        ("Bachelor's buttons in a vase", "vase"),
        ("A man o' war on the sand", ""),
        ("The lady bugs her brother", "person"),
        ("A lady holds a beetle", "person"),
    ],
}


@pytest.mark.parametrize(("caption", "words"), [pair for kind in KINDS.values() for pair in kind])
def test_kind(caption, words):
    assert "|".join(find_words(caption)) == words


@pytest.mark.parametrize("rule", noun_rules.RULES, ids=lambda rule: rule.name)
def test_each_rule_is_needed_for_its_caption(rule, monkeypatch):
    monkeypatch.setattr("unscene.words.lexicon.stands_alone", lambda *_: False)
    assert "|".join(find_words(rule.caption)) == rule.words
    others = tuple(other for other in noun_rules.RULES if other is not rule)
    monkeypatch.setattr(noun_rules, "RULES", others)
    assert "|".join(find_words(rule.caption)) != rule.words


def test_the_short_cut_says_what_the_rules_say(monkeypatch):
    kinds = [*KINDS.values(), *SENSES.values(), TRAPS]
    captions = [caption for kind in kinds for caption, _ in kind]
    quick = [find_words(caption) for caption in captions]
    monkeypatch.setattr("unscene.words.lexicon.stands_alone", lambda *_: False)
    assert [find_words(caption) for caption in captions] == quick
