"""The reader's network: one encoder, and over its tokens a span, over its first one a relevance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from torch import Tensor, nn
from transformers import BertConfig, BertModel


@dataclass(frozen=True, slots=True)
class Marks:
    """What one forward pass says of a batch of windows."""

    starts: Tensor
    """Shape (windows, tokens): logits of an answer that starts there; 0 is "no answer"."""
    ends: Tensor
    """Shape (windows, tokens): of one that ends there."""
    relevance: Tensor
    """Shape (windows,): logit that the window answers the question."""


class ReaderNetwork(nn.Module):
    """A BERT encoder with two heads; question and window are its two segments.

    Starts and ends are normalised over all windows of a question at once, with one logit of 0 for
    "no answer", so that scores of different windows can be compared (Clark and Gardner 2018,
    arXiv 1710.10723, section 3.2).
    """

    def __init__(self, encoder: BertModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.span = nn.Linear(encoder.config.hidden_size, 2)
        self.relevance = nn.Linear(encoder.config.hidden_size, 1)

    @classmethod
    def from_encoder(cls, folder: Path, *, layers: int = 0) -> Self:
        """A new network on the weights of an encoder, on its first `layers`; 0 takes all.

        The word embeddings stay as they are, so that they need not be shipped twice.
        """
        encoder = BertModel.from_pretrained(
            folder, add_pooling_layer=False, attention_probs_dropout_prob=0.0
        )
        encoder.embeddings.word_embeddings.weight.requires_grad_(requires_grad=False)
        if layers:
            encoder.encoder.layer = encoder.encoder.layer[:layers]
            encoder.config.num_hidden_layers = layers
        return cls(encoder)

    @classmethod
    def from_config(cls, config: dict[str, object]) -> Self:
        """An empty network of this shape, to load weights into."""
        return cls(BertModel(BertConfig(**config), add_pooling_layer=False))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Marks:
        """All three of shape (windows, tokens)."""
        words = self.encoder.embeddings.word_embeddings(input_ids)
        return self.read(words, attention_mask, token_type_ids)

    def read(self, words: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Marks:
        """From word embeddings on, of shape (windows, tokens, width)."""
        states = self.encoder(
            inputs_embeds=words, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        starts, ends = self.span(states).unbind(-1)
        return Marks(starts, ends, self.relevance(states[:, 0]).squeeze(-1))
