"""The table that makes a token of a class's number, as class-conditional latent diffusion tells its U-Net of it."""

from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn


class ClassEmbedder(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, n_classes=1001, embed_dim=512):
        super().__init__()
        self.embedding = nn.Embedding(n_classes, embed_dim)

    def forward(self, class_labels):
        """Tokens, (pictures, 1, embed_dim), of classes, (pictures)."""
        return self.embedding(class_labels)[:, None]
