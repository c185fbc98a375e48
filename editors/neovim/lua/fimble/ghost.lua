--- Draws a suggestion as virtual text: its first line at the cursor, the others below.

local api = vim.api

local M = {}

local namespace = api.nvim_create_namespace('fimble')

--- A tab in virtual text would be shown as `^I`.
---@param line string
---@return string
local function expand(line)
  return (line:gsub('\t', (' '):rep(vim.fn.shiftwidth())))
end

---@param bufnr integer
---@param place fimble.Place
---@param text string
---@param mark string? shown after it
function M.draw(bufnr, place, text, mark)
  M.clear(bufnr)
  local lines = {} ---@type [string, string][][]
  for line in vim.gsplit(text, '\n', { plain = true }) do
    lines[#lines + 1] = { { expand(line), 'FimbleGhost' } }
  end
  if mark then
    table.insert(lines[#lines], { mark, 'FimbleGhostMark' })
  end
  api.nvim_buf_set_extmark(bufnr, namespace, place.row, place.col, {
    virt_text = lines[1],
    virt_text_pos = 'inline',
    virt_lines = #lines > 1 and vim.list_slice(lines, 2) or nil,
    hl_mode = 'combine',
  })
end

---@param bufnr integer
function M.clear(bufnr)
  if api.nvim_buf_is_valid(bufnr) then
    api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

--- Colours that a theme or a user may have set already.
function M.highlight()
  local base = vim.fn.hlexists('ComplHint') == 1 and 'ComplHint' or 'NonText'
  api.nvim_set_hl(0, 'FimbleGhost', { link = base, default = true })
  api.nvim_set_hl(0, 'FimbleGhostMark', { link = 'MoreMsg', default = true })
end

return M
