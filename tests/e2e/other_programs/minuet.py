"""minuet-ai.nvim in the real Neovim, set up as its documents say, for three wire formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.e2e.editors.nvim import VARIANTS, Neovim

INIT = """
vim.opt.rtp:prepend(vim.env.MINUET)
vim.opt.swapfile = false
vim.cmd('filetype plugin on | filetype indent off | set noautoindent')
_G.told, _G.finished = {}, 0
vim.notify = function(message) table.insert(_G.told, message) end
vim.api.nvim_create_autocmd('User', {
  pattern = 'MinuetRequestFinished',
  callback = function() _G.finished = _G.finished + 1 end,
})
local options = %s
options.virtualtext = { auto_trigger_ft = { 'python' }, keymap = { accept = '<Tab>' } }
options.n_completions = 1 -- with more, the first answer removes the file that other requests are read from
options.debounce, options.throttle = 50, 0 -- by default a suggestion waits for up to a second
require('minuet').setup(options)
"""

FIM = """{
  provider = 'openai_fim_compatible',
  provider_options = {
    openai_fim_compatible = {
      api_key = 'KEY',
      name = 'fimble',
      end_point = vim.env.ADDRESS .. '/v1/completions',
      model = 'default',
      optional = { max_tokens = 56, top_p = 0.9 },
    },
  },
}"""

CODESTRAL = """{
  provider = 'codestral',
  provider_options = {
    codestral = {
      api_key = 'KEY',
      end_point = vim.env.ADDRESS .. '/v1/fim/completions',
      optional = { max_tokens = 256, stop = { '\\n\\n' } },
    },
  },
}"""

LLAMA = """{
  provider = 'openai_fim_compatible',
  context_window = 512,
  provider_options = {
    openai_fim_compatible = {
      api_key = 'KEY',
      name = 'Llama.cpp',
      end_point = vim.env.ADDRESS .. '/v1/completions',
      model = 'PLACEHOLDER',
      optional = { max_tokens = 56, top_p = 0.9 },
      template = {
        prompt = function(before, after)
          return '<|fim_prefix|>' .. before .. '<|fim_suffix|>' .. after .. '<|fim_middle|>'
        end,
        suffix = false,
      },
    },
  },
}"""

PRESETS = {"fim": FIM, "codestral": CODESTRAL, "llama": LLAMA}

MARK = """
local namespace = vim.api.nvim_get_namespaces()['minuet.virtualtext']
local mark = vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })[1]
if mark == nil then return '' end
local lines = { mark[4].virt_text, unpack(mark[4].virt_lines or {}) }
return table.concat(vim.tbl_map(function(line) return line[1][1] end, lines), '\\n')
"""


class Minuet(Neovim):
    """Neovim with the plugin."""

    def __init__(self, home: Path, plugin: Path, preset: str, address: str, key: str, text: str) -> None:
        variables = {"MINUET": str(plugin), "ADDRESS": address, "KEY": key}
        super().__init__(home, VARIANTS["0.12"], variables, init=INIT % PRESETS[preset], text=text)

    def hint(self) -> str:
        """The virtual text at the cursor."""
        return str(self.lua(MARK))

    @property
    def finished(self) -> int:
        """How many requests have ended."""
        return int(self.lua("return _G.finished"))

    def use_key(self, key: str) -> None:
        self.lua("vim.env.KEY = ...", key)


StartMinuet = Callable[..., Minuet]
