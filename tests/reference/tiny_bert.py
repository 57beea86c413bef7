"""Writes tiny_bert/ beside itself: a BERT of two layers with random weights as transformers stores
it (config.json, model.safetensors), ids.safetensors with six texts as scripts/tokenize.py writes
them, and embeddings.safetensors with what transformers makes of each text alone: the mean of the
last vectors of its tokens, scaled to length 1.

Usage: tiny_bert.py        (needs torch, transformers, safetensors)
"""
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

LENGTHS = [3, 9, 1, 12, 5, 9]


def main():
    torch.manual_seed(11)
    config = BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=24, max_position_embeddings=12, layer_norm_eps=1e-12)
    model = BertModel(config, add_pooling_layer=False).eval()
    for parameter in model.parameters():  # away from where norms and biases start
        torch.nn.init.normal_(parameter, 1 if parameter.dim() == 1 else 0, 0.3)
    folder = Path(__file__).with_suffix("")
    folder.mkdir(exist_ok=True)
    keys = ("model_type", "hidden_act", "vocab_size", "hidden_size", "num_hidden_layers",
            "num_attention_heads", "intermediate_size", "max_position_embeddings",
            "layer_norm_eps", "type_vocab_size")
    kept = {key: config.to_dict()[key] for key in keys}
    (folder / "config.json").write_text(json.dumps(kept, indent=2) + "\n")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()
               if tensor.is_floating_point()}, folder / "model.safetensors")

    texts = [torch.randint(0, 40, (length,)) for length in LENGTHS]
    with torch.no_grad():
        means = [model(text.unsqueeze(0)).last_hidden_state[0].mean(0) for text in texts]
    offsets = torch.tensor([0, *LENGTHS]).cumsum(0)
    save_file({"ids": torch.cat(texts).int(), "offsets": offsets}, folder / "ids.safetensors")
    save_file({"embeddings": torch.nn.functional.normalize(torch.stack(means))},
              folder / "embeddings.safetensors")


if __name__ == "__main__":
    main()
