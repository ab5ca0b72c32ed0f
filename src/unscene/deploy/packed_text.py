"""CLIP's own text tower without padding, as it is exported.

The tower is causal and reads its feature at the end-of-text token, so nothing behind that token
counts. Tokens up to it are packed into rows, whatever texts they are of, and all but the attention
works on these rows. A text of ten tokens in a context of 77 costs an eighth; beside longer texts it
costs no more. The last block works on the rows alone that features are read from.
"""

from typing import TYPE_CHECKING, Any

from unscene.clip.models import can_cut_texts

if TYPE_CHECKING:
    import torch


def can_pack(network: Any) -> bool:
    """Tell whether a model's text tower is CLIP's own, block by block, with nothing but a causal mask."""
    import torch
    from open_clip.transformer import ResidualAttentionBlock

    if not can_cut_texts(network):
        return False
    # A block of a subclass, or with keys of their own, would be computed otherwise than below.
    blocks = network.transformer.resblocks
    is_plain = all(
        type(block) is ResidualAttentionBlock and not hasattr(block, "ln_1_kv") for block in blocks
    )
    is_visible = network.attn_mask == 0
    return is_plain and torch.equal(is_visible, torch.ones_like(is_visible).tril())


def make_packed_text(network: Any) -> "torch.nn.Module":
    """Return a module: tokens, integers (texts, length) -> features of length 1, (texts, dim).

    length: any up to the context that holds each text's end-of-text token, the highest number.
    network: one that `can_pack`.
    """
    import torch
    from torch.nn import functional

    class PackedText(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, text):
            network = self.network
            ends = text.argmax(dim=-1)
            longest = ends.max().item() + 1
            torch._check(longest >= 2)
            torch._check(longest <= text.shape[1])
            counts = ends + 1
            starts = counts.cumsum(0) - counts  # the row of each text's first token
            text_of, place = (torch.arange(text.shape[1]) <= ends[:, None]).nonzero(as_tuple=True)
            places = torch.arange(longest)
            # Rows to (texts, longest) and back. A place behind a text's end repeats the end: no
            # earlier place sees it, and it is not taken back.
            spread = starts[:, None] + torch.minimum(places, ends[:, None])
            gather = text_of * longest + place
            mask = torch.where(places > places[:, None], -torch.inf, 0.0)
            rows = network.token_embedding(text[text_of, place]) + network.positional_embedding[place]
            *blocks, last = network.transformer.resblocks
            for block in blocks:
                rows = finish(block, rows, attend(block, rows, spread, mask)[gather])
            attended = attend(last, rows, spread, mask)[torch.arange(text.shape[0]) * longest + ends]
            features = network.ln_final(finish(last, rows[starts + ends], attended))
            if network.text_projection is not None:
                linear = isinstance(network.text_projection, torch.nn.Linear)
                features = network.text_projection(features) if linear else features @ network.text_projection
            return functional.normalize(features, dim=-1)

    def attend(block, rows, spread, mask):
        """Return what the heads of a block attend to, (texts x longest, width), from its packed rows."""
        heads, width = block.attn.num_heads, block.attn.embed_dim
        projected = functional.linear(block.ln_1(rows), block.attn.in_proj_weight, block.attn.in_proj_bias)
        split = projected[spread].unflatten(-1, (3, heads, width // heads))
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (texts, heads, longest, width of a head)
        weights = (query * (width // heads) ** -0.5 @ key.transpose(-1, -2) + mask).softmax(-1)
        return (weights @ value).transpose(1, 2).reshape(-1, width)

    def finish(block, rows, attended):
        """Return a block's result of rows (rows, width), and of what their heads attended to."""
        rows = rows + block.ls_1(block.attn.out_proj(attended))
        return rows + block.ls_2(block.mlp(block.ln_2(rows)))

    return PackedText().eval()
