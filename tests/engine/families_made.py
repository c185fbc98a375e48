"""One small model of each family, with the prompts that the family's makers would write for two requests.

Written by hand from the makers' documents, which ``engine/prompt/families.py`` names: control tokens stand in
«quotes», ⏎ is a line's end. ``prompt`` is for :data:`REQUEST`, ``bare`` for :data:`BARE`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fimble.engine.types import FimRequest, Snippet

from .models_made import Made

REQUEST = FimRequest(
    "def f(x):\n    return ", "\n\nf(1)\n", language="python", path="lib/m.py",
    snippets=(Snippet("lib/o.py", "x = 1\n"), Snippet("p.py", "y = 2")),
)  # fmt: skip
BARE = FimRequest("def f", "")
_P, _S = "def f(x):⏎    return ", "⏎⏎f(1)⏎"


@dataclass(frozen=True, slots=True)
class Case:
    """A family's model; ``family`` is its name in the table of families. ``ends`` are texts of tokens that
    end an answer, beside the control tokens of the prompt."""

    made: Made
    family: str
    prompt: str
    bare: str
    ends: tuple[str, ...]


_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_GEMMA = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message.role }}\n{{ message.content }}"
    "<end_of_turn>\n{% endfor %}<start_of_turn>model\n"
)
_MISTRAL = "{{ bos_token }}{% for message in messages %}[INST] {{ message.content }} [/INST]{% endfor %}"
_DEEPSEEK = (
    "{{ bos_token }}{% for message in messages %}User: {{ message.content }}\n\n{% endfor %}Assistant:"
)
_GRANITE = (
    "{% for message in messages %}<|start_of_role|>{{ message.role }}<|end_of_role|>{{ message.content }}"
    "<|end_of_text|>\n{% endfor %}<|start_of_role|>assistant<|end_of_role|>"
)
_GLM = (
    "[gMASK]<sop>{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{% endfor %}"
    "<|assistant|>\n"
)

_QWEN_FIM = (
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
_QWEN_ADDED = (*_QWEN_FIM, "<tool_call>", "</tool_call>")
_QWEN = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *_QWEN_ADDED)
_STAR = ("<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>")
_STAR1 = (*_STAR, "<filename>", "<gh_stars>", "<reponame>")
_DEEP_FIM = ("<｜fim▁hole｜>", "<｜fim▁begin｜>", "<｜fim▁end｜>")
_DEEP = ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", *_DEEP_FIM, "<|EOT|>")
_GEMMA_FIM = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|file_separator|>")
_GEMMA_ALL = ("<pad>", "<eos>", "<bos>", "<unk>", *_GEMMA_FIM, "<start_of_turn>", "<end_of_turn>")
_MISTRAL_ALL = ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]")
_GRANITE4 = (
    "<|end_of_text|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|filename|>",
    "<|reponame|>", "<|start_of_role|>", "<|end_of_role|>",
)  # fmt: skip
_GLM_ALL = (
    "<|endoftext|>", "[MASK]", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>",
    "<|observation|>", "<|code_prefix|>", "<|code_middle|>", "<|code_suffix|>",
)  # fmt: skip

_PIPED = f"«<|fim_prefix|>»{_P}«<|fim_suffix|>»{_S}«<|fim_middle|>»"
_PIPED_BARE = "«<|fim_prefix|>»def f«<|fim_suffix|>»⏎«<|fim_middle|>»"
_PLAIN = f"«<fim_prefix>»{_P}«<fim_suffix>»{_S}«<fim_middle>»"
_PLAIN_BARE = "«<fim_prefix>»def f«<fim_suffix>»⏎«<fim_middle>»"
_QWEN_PROMPT = (
    "«<|repo_name|>»project⏎«<|file_sep|>»lib/o.py⏎x = 1⏎«<|file_sep|>»p.py⏎y = 2⏎«<|file_sep|>»lib/m.py⏎"
    + _PIPED
)
_GEMMA_PROMPT = "«<bos>»lib/o.py⏎x = 1⏎«<|file_separator|>»p.py⏎y = 2⏎«<|file_separator|>»lib/m.py⏎" + _PIPED
_GEMMA_BARE = "«<bos>»«<|fim_prefix|>»def f«<|fim_suffix|>»«<|fim_middle|>»"
_DEEP_PROMPT = (
    "«<｜begin▁of▁sentence｜>»«<｜fim▁begin｜>»#lib/o.py⏎x = 1⏎#p.py⏎y = 2⏎#lib/m.py⏎"
    f"{_P}«<｜fim▁hole｜>»{_S}«<｜fim▁end｜>»"
)
_DEEP_BARE = "«<｜begin▁of▁sentence｜>»«<｜fim▁begin｜>»def f«<｜fim▁hole｜>»⏎«<｜fim▁end｜>»"
_MISTRAL_FILES = f"+++++ lib/o.py⏎x = 1⏎⏎+++++ p.py⏎y = 2⏎⏎+++++ lib/m.py⏎{_P}"

_MELLUM_PROMPT = (
    "«<filename>»lib/o.py⏎x = 1⏎«<filename>»p.py⏎y = 2⏎«<filename>»lib/m.py⏎"
    f"«<fim_suffix>»{_S}«<fim_prefix>»{_P}«<fim_middle>»"
)
_MELLUM_BARE = "«<fim_suffix>»⏎«<fim_prefix>»def f«<fim_middle>»"
_GLM_PROMPT = f"«<|code_prefix|>»{_P}«<|code_suffix|>»{_S}«<|code_middle|>»"
_GLM_BARE = "«<|code_prefix|>»def f«<|code_suffix|>»⏎«<|code_middle|>»"

CASES = {
    "qwen2.5-coder": Case(
        Made("qwen2", "Qwen2.5 Coder 1.5B", "qwen2", _QWEN, _QWEN_ADDED, "<|endoftext|>", "<|im_end|>",
             add_bos=False, template=_CHATML),
        "qwen", _QWEN_PROMPT, _PIPED_BARE, ("<|endoftext|>", "<|im_end|>", "<|fim_pad|>"),
    ),
    "qwen3-coder": Case(
        Made("qwen3", "Qwen3 Coder Instruct", "qwen2", _QWEN, _QWEN_ADDED, "<|endoftext|>", "<|im_end|>",
             add_bos=False, template=_CHATML),
        "qwen", _QWEN_PROMPT, _PIPED_BARE, ("<|endoftext|>", "<|im_end|>", "<|fim_pad|>"),
    ),
    "qwen3-coder-30b-a3b": Case(
        Made("qwen3moe", "Qwen3 Coder 30B A3B Instruct", "qwen2", _QWEN, _QWEN_ADDED, "<|endoftext|>",
             "<|im_end|>", add_bos=False, template=_CHATML),
        "qwen", _QWEN_PROMPT, _PIPED_BARE, ("<|endoftext|>", "<|im_end|>", "<|fim_pad|>"),
    ),
    "codeqwen1.5": Case(
        Made("qwen2", "CodeQwen1.5 7B", "", ("<unk>", *_STAR, "<repo_name>", "<file_sep>", "<|im_end|>"),
             bos="<|endoftext|>", eos="<|endoftext|>", add_bos=False),
        "codeqwen",
        "«<repo_name>»project⏎«<file_sep>»lib/o.py⏎x = 1⏎«<file_sep>»p.py⏎y = 2⏎«<file_sep>»lib/m.py⏎"
        + _PLAIN,
        _PLAIN_BARE, ("<|endoftext|>", "<|im_end|>", "<fim_pad>"),
    ),
    "starcoder2": Case(
        Made("starcoder2", "StarCoder2 3B", "starcoder", (*_STAR, "<repo_name>", "<file_sep>"),
             bos="<|endoftext|>", eos="<|endoftext|>"),
        "starcoder2",
        "«<repo_name>»project«<file_sep>»lib/o.py⏎x = 1⏎«<file_sep>»p.py⏎y = 2⏎«<file_sep>»"
        f"«<fim_prefix>»lib/m.py⏎{_P}«<fim_suffix>»{_S}«<fim_middle>»",
        _PLAIN_BARE, ("<|endoftext|>", "<file_sep>"),
    ),
    "starcoder": Case(
        Made("starcoder", "StarCoder", "starcoder", _STAR1, bos="<|endoftext|>", eos="<|endoftext|>"),
        "starcoder", _PLAIN, _PLAIN_BARE, ("<|endoftext|>",),
    ),
    "santacoder": Case(
        Made("starcoder", "santacoder", "gpt-2",
             ("<|endoftext|>", "<fim-prefix>", "<fim-middle>", "<fim-suffix>", "<fim-pad>"),
             bos="<|endoftext|>", eos="<|endoftext|>"),
        "santacoder", f"«<fim-prefix>»{_P}«<fim-suffix>»{_S}«<fim-middle>»",
        "«<fim-prefix>»def f«<fim-suffix>»⏎«<fim-middle>»", ("<|endoftext|>", "<fim-pad>"),
    ),
    "refact": Case(
        Made("refact", "Refact", "refact", _STAR1, bos="<|endoftext|>", eos="<|endoftext|>"),
        "starcoder", _PLAIN, _PLAIN_BARE, ("<|endoftext|>",),
    ),
    "stable-code": Case(
        Made("stablelm", "stable-code 3b", "stablelm2", _STAR1, _STAR1[1:], "<|endoftext|>", "<|endoftext|>"),
        "starcoder", _PLAIN, _PLAIN_BARE, ("<|endoftext|>",),
    ),
    "granite-code": Case(
        Made("llama", "Granite 8b Code Base", "refact", _STAR1, bos="<|endoftext|>", eos="<|endoftext|>"),
        "starcoder", _PLAIN, _PLAIN_BARE, ("<|endoftext|>",),
    ),
    "granite-4-base": Case(
        Made("granite", "Granite 4.0 Micro Base", "dbrx", _GRANITE4, eos="<|end_of_text|>", add_bos=False),
        "granite", _PIPED, _PIPED_BARE, ("<|end_of_text|>", "<|fim_pad|>"),
    ),
    "granite-4": Case(
        Made("granitehybrid", "Granite 4.0 H 350m", "dbrx", _GRANITE4, eos="<|end_of_text|>",
             add_bos=False, template=_GRANITE),
        "granite-chat",
        f"«<|start_of_role|>»user«<|end_of_role|>»{_PIPED}"
        "«<|end_of_text|>»⏎«<|start_of_role|>»assistant«<|end_of_role|>»",
        f"«<|start_of_role|>»user«<|end_of_role|>»{_PIPED_BARE}"
        "«<|end_of_text|>»⏎«<|start_of_role|>»assistant«<|end_of_role|>»",
        ("<|end_of_text|>", "<|fim_pad|>"),
    ),
    "codellama": Case(
        Made("llama", "CodeLlama 7B", "", ("<unk>", "<s>", "</s>", "▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"),
             bos="<s>", eos="</s>"),
        "codellama", f"«<s>»«▁<PRE>» {_P}«▁<SUF>»{_S}«▁<MID>»", "«<s>»«▁<PRE>» def f«▁<SUF>»⏎«▁<MID>»",
        ("</s>", "▁<EOT>"),
    ),
    "deepseek-coder": Case(
        Made("llama", "deepseek-coder 1.3b", "deepseek-coder", _DEEP, (*_DEEP_FIM, "<|EOT|>"),
             "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", add_bos=True),
        "deepseek", _DEEP_PROMPT, _DEEP_BARE, ("<｜end▁of▁sentence｜>", "<|EOT|>"),
    ),
    "deepseek-coder-v2-lite": Case(
        Made("deepseek2", "DeepSeek Coder V2 Lite", "deepseek-llm", _DEEP, (*_DEEP_FIM, "<|EOT|>"),
             "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", add_bos=True, template=_DEEPSEEK),
        "deepseek", _DEEP_PROMPT, _DEEP_BARE, ("<｜end▁of▁sentence｜>", "<|EOT|>"),
    ),
    "codegemma": Case(
        Made("gemma", "codegemma 2b", "", _GEMMA_ALL, bos="<bos>", eos="<eos>", template=_GEMMA),
        "codegemma", _GEMMA_PROMPT, _GEMMA_BARE, ("<eos>", "<end_of_turn>", "<|file_separator|>"),
    ),
    "gemma2": Case(
        Made("gemma2", "gemma 2 with codegemma's tokens", "", _GEMMA_ALL, bos="<bos>", eos="<eos>"),
        "codegemma", _GEMMA_PROMPT, _GEMMA_BARE, ("<eos>", "<end_of_turn>", "<|file_separator|>"),
    ),
    "gemma3": Case(
        Made("gemma3", "gemma 3 with codegemma's tokens", "", _GEMMA_ALL, bos="<bos>", eos="<eos>"),
        "codegemma", _GEMMA_PROMPT, _GEMMA_BARE, ("<eos>", "<end_of_turn>", "<|file_separator|>"),
    ),
    "codestral-22b": Case(
        Made("llama", "Codestral 22B v0.1", "", _MISTRAL_ALL, bos="<s>", eos="</s>", template=_MISTRAL),
        "codestral", f"«<s>»«[SUFFIX]»{_S}«[PREFIX]» {_MISTRAL_FILES}", "«<s>»«[SUFFIX]»«[PREFIX]» def f",
        ("</s>", "[MIDDLE]"),
    ),
    "codestral-2501": Case(
        Made("mistral3", "Codestral 2501", "tekken", _MISTRAL_ALL, bos="<s>", eos="</s>", template=_MISTRAL),
        "codestral", f"«<s>»«[SUFFIX]»{_S}«[PREFIX]»{_MISTRAL_FILES}", "«<s>»«[SUFFIX]»«[PREFIX]»def f",
        ("</s>", "[MIDDLE]"),
    ),
    "seed-coder": Case(
        Made("llama", "Seed Coder 8B Base", "seed-coder",
             ("<[begin▁of▁sentence]>", "<[end▁of▁sentence]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>",
              "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"),
             ("<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"),
             "<[begin▁of▁sentence]>", "<[end▁of▁sentence]>", add_bos=False),
        "seed-coder", f"«<[fim-suffix]>»{_S}«<[fim-prefix]>»{_P}«<[fim-middle]>»",
        "«<[fim-suffix]>»⏎«<[fim-prefix]>»def f«<[fim-middle]>»",
        ("<[end▁of▁sentence]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>"),
    ),
    "mellum": Case(
        Made("llama", "Mellum 4b Base", "refact", _STAR1, bos="<|endoftext|>", eos="<|endoftext|>"),
        "mellum", _MELLUM_PROMPT, _MELLUM_BARE, ("<|endoftext|>", "<filename>"),
    ),
    "mellum2": Case(
        Made("mellum", "Mellum2 12B A2.5B Base", "mellum2", (*_STAR1, "<|im_start|>", "<|im_end|>"),
             bos="<|endoftext|>", eos="<|endoftext|>", template=_CHATML),
        "mellum", _MELLUM_PROMPT, _MELLUM_BARE, ("<|endoftext|>", "<filename>", "<|im_end|>"),
    ),
    "glm-4": Case(
        Made("glm4", "GLM 4 9B", "glm4", _GLM_ALL, eos="<|endoftext|>", add_bos=False, template=_GLM),
        "glm", _GLM_PROMPT, _GLM_BARE, ("<|endoftext|>", "<|user|>"),
    ),
    "glm-4.5": Case(
        Made("glm4moe", "GLM 4.5 Air", "glm4", _GLM_ALL, eos="<|endoftext|>", add_bos=False, template=_GLM),
        "glm", _GLM_PROMPT, _GLM_BARE, ("<|endoftext|>", "<|user|>"),
    ),
    "codegeex4": Case(
        Made("chatglm", "codegeex4 all 9b", "chatglm-bpe", _GLM_ALL, eos="<|endoftext|>", add_bos=False,
             template=_GLM),
        "codegeex",
        "«[gMASK]»«<sop>»«<|user|>»⏎###REFERENCE:⏎###PATH:lib/o.py⏎x = 1⏎###REFERENCE:⏎###PATH:p.py⏎y = 2⏎"
        f"###PATH:lib/m.py⏎###LANGUAGE:Python⏎###MODE:BLOCK⏎«<|code_suffix|>»{_S}«<|code_prefix|>»{_P}"
        "«<|code_middle|>»«<|assistant|>»⏎",
        "«[gMASK]»«<sop>»«<|user|>»⏎###PATH:untitled⏎###LANGUAGE:⏎###MODE:BLOCK⏎"
        "«<|code_suffix|>»«<|code_prefix|>»def f«<|code_middle|>»«<|assistant|>»⏎",
        ("<|endoftext|>", "<|user|>"),
    ),
    "falcon-h1-tiny-coder": Case(
        Made("falcon-h1", "Falcon H1 Tiny Coder 90M", "falcon-h1",
             ("<|end_of_text|>", "<|begin_of_text|>", "<|prefix|>", "<|suffix|>", "<|middle|>", "<|im_end|>"),
             eos="<|end_of_text|>", add_bos=False),
        "falcon-h1", f"«<|prefix|>»{_P}«<|suffix|>»{_S}«<|middle|>»",
        "«<|prefix|>»def f«<|suffix|>»⏎«<|middle|>»", ("<|end_of_text|>", "<|im_end|>"),
    ),
    "a recurrent model": Case(
        Made("mamba", "mamba with starcoder's tokens", "gpt-2", _STAR, eos="<|endoftext|>"),
        "starcoder", _PLAIN, _PLAIN_BARE, ("<|endoftext|>",),
    ),
}  # fmt: skip
