"""Turns a sentence of a caption into a noun phrase: `a dog runs on sand` -> `a dog running on sand`."""

from unscene.rewriting.parsing.caption_tree import read_caption
from unscene.rewriting.parsing.tree import Clause, Group, Loose, Mod, Prep, Verb, write_clauses
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import ing_form
from unscene.words.vocabulary import Vocabulary


def is_sentence(clauses: list[Clause]) -> bool:
    """Whether the first clause has a finite verb of its own."""
    first = clauses[0].group if clauses else None
    return first is not None and any(
        isinstance(mod, Verb) and mod.is_finite and not mod.opener for mod in first.mods
    )


def name_scene(scene: str, vocabulary: Vocabulary) -> str | None:
    """Return a scene's caption as a noun phrase; None where it cannot be one."""
    clauses = read_caption(scene, vocabulary)
    if not clauses or clauses[0].group is None or not any(m.tokens for m in clauses[0].group.members):
        return None
    if not is_sentence(clauses):
        return scene.strip().rstrip(" .")
    group = as_participle(clauses[0].group)
    if group is None:
        return None
    return write_clauses([Clause("", group), *clauses[1:]]).replace(" ,", ",")


def as_participle(group: Group) -> Group | None:
    """Return a group with its finite verbs as participles; None where that cannot be."""
    mods: list[Mod] = []
    for mod in group.mods:
        if not (isinstance(mod, Verb) and mod.is_finite) or mod.opener.lower() in ("that", "which", "who"):
            mods.append(mod)
            continue
        verbs = [token for token in mod.tokens if token.kind == "V"]
        first = verbs[0]
        if first.low in ("has", "have", "had") and len(verbs) == 1 and mod.objects:
            mods += [*(Prep("with", group) for group in mod.objects), *mod.mods]
        elif first.stem == "be":
            later = [token for token in mod.tokens if token is not first]
            if any(token.kind == "V" for token in later):
                mods.append(Verb(later, mod.opener, mod.objects, mod.mods))
            elif mod.objects:
                return None
            else:
                mods += [*(Loose(token.text) for token in later), *mod.mods]
        elif first.form == "fin" and first.stem:
            new = Token(ing_form(first.stem), "V", form="ing", stem=first.stem)
            tokens = [new if token is first else token for token in mod.tokens]
            mods.append(Verb(tokens, mod.opener, mod.objects, mod.mods))
        else:
            return None
    return Group(group.members, group.links, mods)
