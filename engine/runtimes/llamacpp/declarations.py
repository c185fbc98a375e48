"""The C functions and structures of llama.cpp that are used, as of build 11549, for :mod:`cffi`.

Sources: ``llama.h``, ``ggml.h`` and ``ggml-backend.h`` of that build. Structures change between builds, so
each is compared with its known default values before it is passed to anything (:mod:`.library`); ``spare``
takes up what a longer structure of another build would write.
"""

from __future__ import annotations

from types import MappingProxyType

FIRST_BUILD, LAST_BUILD = 11549, 11549
"""The builds with exactly these declarations; the number is the last part of the wheel's version."""

CDEF = """
typedef struct llama_model llama_model;
typedef struct llama_vocab llama_vocab;
typedef struct llama_context llama_context;
typedef struct llama_memory_i * llama_memory_t;
typedef struct ggml_context ggml_context;
typedef void (*ggml_log_callback)(int level, const char * text, void * data);

typedef struct {
    int tag;
    char key[128];
    union { int64_t number; double real; bool truth; char text[128]; };
} kv_override;

typedef struct {
    void * devices;
    void * tensor_buft_overrides;
    int32_t n_gpu_layers;
    int split_mode;
    int load_mode;
    int lazy_mode;
    int32_t main_gpu;
    void * tensor_split;
    void * progress_callback;
    void * progress_callback_user_data;
    kv_override * kv_overrides;
    bool vocab_only;
    bool check_tensors;
    bool use_extra_bufts;
    bool no_host;
    bool no_alloc;
    bool load_mtp;
    char spare[256];
} model_params;

typedef struct {
    uint32_t n_ctx;
    uint32_t n_batch;
    uint32_t n_ubatch;
    uint32_t n_seq_max;
    uint32_t n_rs_seq;
    uint32_t n_outputs_max;
    uint32_t n_outputs_max_per_seq;
    int32_t n_threads;
    int32_t n_threads_batch;
    int ctx_type;
    int rope_scaling_type;
    int pooling_type;
    int attention_type;
    int flash_attn_type;
    float rope_freq_base;
    float rope_freq_scale;
    float yarn_ext_factor;
    float yarn_attn_factor;
    float yarn_beta_fast;
    float yarn_beta_slow;
    uint32_t yarn_orig_ctx;
    float defrag_thold;
    void * cb_eval;
    void * cb_eval_user_data;
    int type_k;
    int type_v;
    size_t moe_cache_size;
    void * abort_callback;
    void * abort_callback_data;
    bool embeddings;
    bool offload_kqv;
    bool no_perf;
    bool op_offload;
    bool swa_full;
    bool kv_unified;
    void * samplers;
    size_t n_samplers;
    void * ctx_other;
    char spare[256];
} context_params;

typedef struct {
    int32_t n_tokens;
    int32_t * token;
    float * embd;
    int32_t * pos;
    int32_t * n_seq_id;
    int32_t ** seq_id;
    int8_t * logits;
} llama_batch;

typedef struct {
    size_t mem_size;
    void * mem_buffer;
    bool no_alloc;
} ggml_init_params;

void llama_backend_init(void);
void llama_log_set(ggml_log_callback callback, void * data);
bool llama_supports_gpu_offload(void);
model_params llama_model_default_params(void);
context_params llama_context_default_params(void);

llama_model * llama_model_load_from_file(const char * path, model_params params);
void llama_model_free(llama_model * model);
const llama_vocab * llama_model_get_vocab(const llama_model * model);
bool llama_model_is_recurrent(const llama_model * model);
bool llama_model_is_hybrid(const llama_model * model);
bool llama_model_has_encoder(const llama_model * model);
bool llama_model_is_diffusion(const llama_model * model);

llama_context * llama_init_from_model(llama_model * model, context_params params);
void llama_free(llama_context * context);
uint32_t llama_n_ctx_seq(const llama_context * context);
void llama_set_n_threads(llama_context * context, int32_t one, int32_t many);
int32_t llama_decode(llama_context * context, llama_batch batch);
float * llama_get_logits_ith(llama_context * context, int32_t i);

llama_memory_t llama_get_memory(const llama_context * context);
bool llama_memory_seq_rm(llama_memory_t memory, int32_t sequence, int32_t begin, int32_t end);
void llama_memory_seq_cp(llama_memory_t memory, int32_t from, int32_t to, int32_t begin, int32_t end);

int32_t llama_vocab_n_tokens(const llama_vocab * vocab);
int32_t llama_tokenize(const llama_vocab * vocab, const char * text, int32_t length, int32_t * tokens,
                       int32_t most, bool add_special, bool parse_special);
int32_t llama_token_to_piece(const llama_vocab * vocab, int32_t token, char * buffer, int32_t length,
                             int32_t lstrip, bool special);

ggml_context * ggml_init(ggml_init_params params);
void ggml_free(ggml_context * context);
bool ggml_get_no_alloc(ggml_context * context);
void ggml_set_no_alloc(ggml_context * context, bool value);
"""

MODEL_DEFAULTS = MappingProxyType(
    {
        "n_gpu_layers": -1,
        "split_mode": 1,
        "load_mode": -1,
        "lazy_mode": 1,
        "main_gpu": 0,
        "vocab_only": False,
        "check_tensors": False,
        "use_extra_bufts": True,
        "no_host": False,
        "no_alloc": False,
        "load_mtp": False,
    }
)
CONTEXT_DEFAULTS = MappingProxyType(
    {
        "n_ctx": 512,
        "n_batch": 2048,
        "n_ubatch": 512,
        "n_seq_max": 1,
        "n_rs_seq": 0,
        "n_outputs_max": 0,
        "n_outputs_max_per_seq": 1,
        "n_threads": 4,
        "n_threads_batch": 4,
        "ctx_type": 0,
        "rope_scaling_type": -1,
        "pooling_type": -1,
        "attention_type": -1,
        "flash_attn_type": -1,
        "rope_freq_base": 0.0,
        "rope_freq_scale": 0.0,
        "yarn_ext_factor": -1.0,
        "yarn_attn_factor": -1.0,
        "yarn_beta_fast": -1.0,
        "yarn_beta_slow": -1.0,
        "yarn_orig_ctx": 0,
        "defrag_thold": -1.0,
        "type_k": 1,
        "type_v": 1,
        "moe_cache_size": 0,
        "embeddings": False,
        "offload_kqv": True,
        "no_perf": True,
        "op_offload": True,
        "swa_full": True,
        "kv_unified": False,
        "n_samplers": 0,
    }
)
"""What ``llama_*_default_params()`` of these builds answer; every pointer in them is NULL."""
