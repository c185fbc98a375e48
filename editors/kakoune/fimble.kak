# Suggestions from a fimble server that runs (`fimble serve`), as grey text behind the cursor.
# In kakrc: source /path/to/editors/kakoune/fimble.kak, then fimble-enable.

declare-option -docstring 'address of the server' str fimble_url 'http://127.0.0.1:8741'
declare-option -docstring 'key for the server' str fimble_key ''
declare-option -docstring 'how sure a suggestion must be: subtle, balanced or eager' str fimble_eagerness 'balanced'
declare-option -docstring 'the fimble program, which asks the server' str fimble_program 'fimble'
declare-option -docstring 'which Python runs the script beside this one' str fimble_python 'python3'

declare-option -hidden str fimble_folder %sh{ dirname "$kak_source" }
declare-option -hidden str fimble_text ''
declare-option -hidden bool fimble_indents false
declare-option -hidden str fimble_told ''
declare-option -hidden range-specs fimble_ghost

set-face global FimbleGhost 'bright-black'

define-command fimble-enable -docstring 'suggest while typing; <tab> takes it' %{
    add-highlighter global/fimble replace-ranges fimble_ghost
    hook -group fimble global InsertIdle .* fimble-ask
    hook -group fimble global InsertChar .* fimble-hide
    hook -group fimble global InsertDelete .* fimble-hide
    hook -group fimble global InsertMove .* fimble-hide
    hook -group fimble global ModeChange 'pop:insert:.*' fimble-hide
    map global insert <tab> '<a-;>:fimble-accept<ret>' -docstring 'take the suggestion'
}

define-command fimble-disable -docstring 'suggest no more' %{
    remove-hooks global fimble
    remove-highlighter global/fimble
    unmap global insert <tab>
    fimble-hide
}

# The answer comes later, through the session's socket; only a copy of the buffer is waited for. It goes from Kakoune
# through pipes to the fimble program, which looks whether the file is private. Nothing is written to a disk.
define-command fimble-ask -hidden %{
    evaluate-commands -no-hooks %sh{
        # $kak_buffile $kak_client $kak_session $kak_timestamp $kak_cursor_line $kak_cursor_char_column
        # $kak_opt_fimble_program $kak_opt_fimble_url $kak_opt_fimble_key $kak_opt_fimble_eagerness
        # $kak_opt_indentwidth $kak_opt_tabstop $kak_cursor_column
        [ "$kak_opt_readonly$kak_opt_fimble_text" = false ] || exit 0
        printf 'write -force %s\n' "$kak_response_fifo" > "$kak_command_fifo"
        text=$(cat "$kak_response_fifo" && echo .) # the dot keeps line ends at the end
        printf '%s' "${text%.}" |
            "$kak_opt_fimble_python" "$kak_opt_fimble_folder/ask.py" > /dev/null 2>&1 &
    }
}

define-command fimble-show -hidden -params 5 %{
    evaluate-commands %sh{
        if [ "$kak_timestamp $kak_cursor_line.$kak_cursor_column" = "$1 $2" ]; then
            echo 'set-option window fimble_text %arg{3}; set-option window fimble_ghost %val{timestamp} %arg{4}'
            echo 'set-option window fimble_indents %arg{5}'
        fi
    }
}

define-command fimble-hide -hidden %{
    set-option window fimble_text ''
    set-option window fimble_ghost %val{timestamp}
}

define-command fimble-fail -hidden -params 1 %{
    evaluate-commands %sh{
        if [ "$kak_opt_fimble_told" != "$1" ]; then
            echo 'set-option global fimble_told %arg{1}; info -title fimble %arg{1}; echo -debug fimble: %arg{1}'
        fi
    }
}

define-command fimble-accept -hidden %{
    evaluate-commands -save-regs x %sh{
        if [ -n "$kak_opt_fimble_text" ] && [ "$kak_opt_fimble_indents" = false ]; then
            echo 'set-register x %opt{fimble_text}; fimble-hide; execute-keys <c-r>x'
        else
            echo 'execute-keys <tab>'
        fi
    }
}
