--- Pure functions on suggestions. Words are what keyboards' word keys make of them, in any script.

local M = {}

-- bytes of 0x80 and above are parts of letters or emoji
local WORD = '^%s*[%w_\128-\255]+'
local MARKS = '^%s*[^%w_%s\128-\255]+'

--- The next word with the blanks before it, or the next run of punctuation.
---@param text string
---@return string
function M.next_word(text)
  return text:match(WORD) or text:match(MARKS) or text
end

--- What is left of the line, or the next one when nothing is.
---@param text string
---@return string
function M.next_line(text)
  return text:match('^\n?[^\n]*')
end

--- The blanks that a text begins with; none if its first line has nothing else.
---@param text string
---@return string
function M.indentation(text)
  return text:match('^([ \t]*)[^%s]') or ''
end

--- The text with this plugin's only line end.
---@param text string
---@return string
function M.unix(text)
  return (text:gsub('\r\n?', '\n'))
end

--- What is still to be typed of a text of which `typed` stands in the buffer.
---@param text string
---@param typed string
---@return string?
function M.rest(text, typed)
  if vim.startswith(text, typed) and #text > #typed then
    return text:sub(#typed + 1)
  end
end

return M
