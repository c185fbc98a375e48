"""The tensors and hyperparameters of small models of the architectures that code models have.

Sources: the ``load_arch_tensors`` of llama.cpp's ``src/models/*.cpp`` and its ``gguf`` package. Shapes are
as ggml has them, the length of a row first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEADS, SHARED, FEED, BLOCKS = 32, 4, 2, 64, 2
HEAD = WIDTH // HEADS
_SMALL = HEAD * SHARED
_STATE, _CONVOLUTION, _INNER = 8, 4, 64
_HIDDEN = (_INNER, _INNER + 2 * _STATE, HEADS)
"""Of a Mamba 2 layer: its inner width, what it convolves, and its heads."""

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Architecture:
    """``block`` are the tensors of one layer, ``ends`` those of none; ``keys`` go with the common ones."""

    name: str
    block: Shapes
    ends: Shapes
    keys: Mapping[str, Any]
    blocks: int = BLOCKS
    cuts: bool = True
    """Whether llama.cpp can shorten what a sequence holds."""
    per_block: Callable[[int], Shapes] | None = None
    """The tensors of a layer, where they are not all alike."""

    def shapes(self, vocabulary: int) -> Shapes:
        """Every tensor of a model with so many tokens."""
        made: Shapes = {"token_embd.weight": (WIDTH, vocabulary)}
        for name, shape in self.ends.items():
            made[name] = tuple(length or vocabulary for length in shape)
        for at in range(self.blocks):
            block = self.per_block(at) if self.per_block else self.block
            made |= {f"blk.{at}.{name}": shape for name, shape in block.items()}
        return made

    def metadata(self, vocabulary: int, context: int) -> dict[str, Any]:
        """What the header says of the shapes."""
        common = {
            "vocab_size": vocabulary,
            "context_length": context,
            "embedding_length": WIDTH,
            "block_count": self.blocks,
            "feed_forward_length": FEED,
            "attention.head_count": HEADS,
            "attention.head_count_kv": SHARED,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "rope.freq_base": 10000.0,
        }
        return {f"{self.name}.{key}": value for key, value in (common | dict(self.keys)).items()}


def _weights(**shapes: tuple[int, ...]) -> Shapes:
    return {f"{name}.weight": shape for name, shape in shapes.items()}


def _biases(**shapes: int) -> Shapes:
    return {f"{name}.bias": (length,) for name, length in shapes.items()}


_NORM = _weights(output_norm=(WIDTH,))
_ENDS = _NORM | _weights(output=(WIDTH, 0))
_ATTENTION = _weights(
    attn_norm=(WIDTH,), attn_q=(WIDTH, WIDTH), attn_k=(WIDTH, _SMALL), attn_v=(WIDTH, _SMALL),
    attn_output=(WIDTH, WIDTH),
)  # fmt: skip
_GATE = _weights(ffn_gate=(WIDTH, FEED), ffn_up=(WIDTH, FEED), ffn_down=(FEED, WIDTH))
_GATED = _GATE | _weights(ffn_norm=(WIDTH,))
_FUSED_GATE = _weights(ffn_norm=(WIDTH,), ffn_up=(WIDTH, 2 * FEED), ffn_down=(FEED, WIDTH))
_LLAMA = _ATTENTION | _GATED
_QKV_BIASES = _biases(attn_q=WIDTH, attn_k=_SMALL, attn_v=_SMALL)
_HEAD_NORMS = _weights(attn_q_norm=(HEAD,), attn_k_norm=(HEAD,))
_POST_NORMS = _weights(post_attention_norm=(WIDTH,), post_ffw_norm=(WIDTH,))
_PLAIN_NORMS = _biases(attn_norm=WIDTH, ffn_norm=WIDTH)
_EPSILON = {"attention.layer_norm_epsilon": 1e-5}
_HEAD_KEYS = {"attention.key_length": HEAD, "attention.value_length": HEAD}
_ROPE = {"rope.dimension_count": HEAD}
_GRANITE = {
    "attention.scale": 0.015625, "embedding_scale": 12.0, "residual_scale": 0.22, "logit_scale": 10.0,
}  # fmt: skip
_SSM = {
    "ssm.conv_kernel": _CONVOLUTION, "ssm.inner_size": _INNER, "ssm.state_size": _STATE,
    "ssm.time_step_rank": HEADS, "ssm.group_count": 1,
}  # fmt: skip
_MAMBA2 = _weights(
    ssm_in=(WIDTH, _HIDDEN[0] + _HIDDEN[1] + _HIDDEN[2]), ssm_conv1d=(_CONVOLUTION, _HIDDEN[1]),
    ssm_norm=(_INNER, 1), ssm_out=(_INNER, WIDTH),
) | _biases(ssm_conv1d=_HIDDEN[1], ssm_dt=HEADS) | {"ssm_a": (1, HEADS), "ssm_d": (1, HEADS)}  # fmt: skip
_MAMBA = _weights(
    attn_norm=(WIDTH,), ssm_in=(WIDTH, 2 * _INNER), ssm_conv1d=(_CONVOLUTION, _INNER),
    ssm_x=(_INNER, 4 + 2 * _STATE), ssm_dt=(4, _INNER), ssm_out=(_INNER, WIDTH),
) | _biases(ssm_conv1d=_INNER, ssm_dt=_INNER) | {"ssm_a": (_STATE, _INNER), "ssm_d": (_INNER,)}  # fmt: skip


def _granite_hybrid(at: int) -> Shapes:
    return _GATED | (_ATTENTION if at else _weights(attn_norm=(WIDTH,)) | _MAMBA2)


_EXPERTS, _EXPERT_FEED = 4, 8
_ROUTED = _weights(
    ffn_gate_inp=(WIDTH, _EXPERTS), ffn_gate_exps=(WIDTH, _EXPERT_FEED, _EXPERTS),
    ffn_up_exps=(WIDTH, _EXPERT_FEED, _EXPERTS), ffn_down_exps=(_EXPERT_FEED, WIDTH, _EXPERTS),
)  # fmt: skip
_SHARED_EXPERT = _weights(
    ffn_gate_shexp=(WIDTH, _EXPERT_FEED),
    ffn_up_shexp=(WIDTH, _EXPERT_FEED),
    ffn_down_shexp=(_EXPERT_FEED, WIDTH),
)
_MIXTURE = _ATTENTION | _weights(ffn_norm=(WIDTH,)) | _ROUTED
_EXPERT_KEYS = {
    "expert_count": _EXPERTS, "expert_used_count": 2, "expert_feed_forward_length": _EXPERT_FEED,
}  # fmt: skip
_SHARED_KEYS = _EXPERT_KEYS | {
    "expert_shared_count": 1,
    "leading_dense_block_count": 1,
    "expert_weights_scale": 1.0,
}
_ROPED, _LATENT = 4, 16


def _deepseek2(at: int) -> Shapes:
    """Multi-head latent attention without compressed queries; the first layer is dense."""
    attention = _weights(
        attn_norm=(WIDTH,), attn_q=(WIDTH, HEADS * (HEAD + _ROPED)), attn_kv_a_mqa=(WIDTH, _LATENT + _ROPED),
        attn_kv_a_norm=(_LATENT,), attn_kv_b=(_LATENT, HEADS * 2 * HEAD), attn_output=(HEADS * HEAD, WIDTH),
    )  # fmt: skip
    return attention | _weights(ffn_norm=(WIDTH,)) | (_ROUTED | _SHARED_EXPERT if at else _GATE)


def _glm4_moe(at: int) -> Shapes:
    shapes = _ATTENTION | _QKV_BIASES | _weights(post_attention_norm=(WIDTH,))
    return shapes | (_ROUTED | _SHARED_EXPERT | _biases(exp_probs_b=_EXPERTS) if at else _GATE)


ARCHITECTURES = {
    each.name: each
    for each in (
        Architecture("llama", _LLAMA, _ENDS, _ROPE),
        Architecture("qwen2", _LLAMA | _QKV_BIASES, _ENDS, {}),
        Architecture("qwen3", _LLAMA | _HEAD_NORMS, _ENDS, _HEAD_KEYS),
        Architecture("mistral3", _LLAMA, _ENDS, _HEAD_KEYS | _ROPE),
        Architecture("granite", _LLAMA, _ENDS, _GRANITE | _ROPE),
        Architecture("gemma", _LLAMA, _NORM, _HEAD_KEYS),
        Architecture(
            "gemma2", _LLAMA | _POST_NORMS, _NORM,
            _HEAD_KEYS | {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
                          "attention.sliding_window": 64},
        ),
        Architecture(
            "gemma3", _LLAMA | _POST_NORMS | _HEAD_NORMS, _NORM,
            _HEAD_KEYS | {"attention.sliding_window": 64},
        ),
        Architecture(
            "starcoder2",
            _ATTENTION | _QKV_BIASES | _PLAIN_NORMS | _biases(attn_output=WIDTH, ffn_up=FEED, ffn_down=WIDTH)
            | _weights(ffn_norm=(WIDTH,), ffn_up=(WIDTH, FEED), ffn_down=(FEED, WIDTH)),
            _ENDS | _biases(output_norm=WIDTH), _EPSILON,
        ),
        Architecture(
            "starcoder",
            _weights(attn_norm=(WIDTH,), attn_qkv=(WIDTH, WIDTH + 2 * HEAD), attn_output=(WIDTH, WIDTH),
                     ffn_norm=(WIDTH,), ffn_up=(WIDTH, FEED), ffn_down=(FEED, WIDTH))
            | _PLAIN_NORMS
            | _biases(attn_qkv=WIDTH + 2 * HEAD, attn_output=WIDTH, ffn_up=FEED, ffn_down=WIDTH),
            _ENDS | _biases(output_norm=WIDTH) | _weights(position_embd=(WIDTH, 512)),
            _EPSILON | {"attention.head_count_kv": 1, "context_length": 512},
        ),
        Architecture(
            "refact",
            _LLAMA | _weights(attn_k=(WIDTH, HEAD), attn_v=(WIDTH, HEAD)), _ENDS,
            {"attention.head_count_kv": 1},
        ),
        Architecture(
            "stablelm", _LLAMA | _PLAIN_NORMS, _ENDS | _biases(output_norm=WIDTH),
            _EPSILON | {"rope.dimension_count": HEAD // 2},
        ),
        Architecture(
            "glm4", _ATTENTION | _QKV_BIASES | _FUSED_GATE | _POST_NORMS, _ENDS,
            {"rope.dimension_count": HEAD // 2},
        ),
        Architecture(
            "chatglm",
            _weights(attn_norm=(WIDTH,), attn_qkv=(WIDTH, WIDTH + 2 * _SMALL), attn_output=(WIDTH, WIDTH))
            | _biases(attn_qkv=WIDTH + 2 * _SMALL) | _FUSED_GATE,
            _ENDS, {"rope.dimension_count": HEAD // 2},
        ),
        Architecture(
            "deepseek2", {}, _ENDS,
            {
                "attention.head_count_kv": HEADS, "attention.key_length": HEAD + _ROPED,
                "attention.value_length": HEAD, "attention.kv_lora_rank": _LATENT,
                "rope.dimension_count": _ROPED, **_SHARED_KEYS,
            },
            blocks=27, per_block=_deepseek2,
        ),
        Architecture("qwen3moe", _MIXTURE | _HEAD_NORMS, _ENDS, _HEAD_KEYS | _EXPERT_KEYS),
        Architecture(
            "mellum", _MIXTURE | _HEAD_NORMS, _ENDS,
            _HEAD_KEYS | _ROPE | _EXPERT_KEYS | {"attention.sliding_window": 64},
        ),
        Architecture(
            "glm4moe", {}, _ENDS, _SHARED_KEYS | {"rope.dimension_count": HEAD // 2}, per_block=_glm4_moe
        ),
        Architecture(
            "falcon-h1", _ATTENTION | _GATE | _MAMBA2 | {"ffn_norm": (WIDTH,)}, _ENDS, _SSM | _HEAD_KEYS,
            cuts=False,
        ),
        Architecture(
            "granitehybrid", {}, _ENDS, _SSM | _GRANITE | {"attention.head_count_kv": [0, SHARED]} | _ROPE,
            cuts=False, per_block=_granite_hybrid,
        ),
        Architecture(
            "mamba", _MAMBA, _ENDS,
            {**_SSM, "ssm.time_step_rank": 4, "attention.head_count": 0, "attention.head_count_kv": 0,
             "feed_forward_length": 0},
            cuts=False,
        ),
    )
}  # fmt: skip
"""By name. The lite DeepSeek V2 is told from the large one by its 27 layers."""
