# mmsp completion for fish, 3.0 and later.
function __mmsp_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l kind words
    for line in (command $words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':*'
                set kind (string sub --start 2 -- $line)
            case '*'
                echo $line
        end
    end
    # A path after --flag= is completed without the flag, which is put before it again.
    set -l flag (string match --regex -- '^--[^=]*=' $current)
    set -l path (string replace --regex -- '^--[^=]*=' '' "$current")
    switch $kind
        case files
            for found in (__fish_complete_path "$path")
                echo "$flag$found"
            end
        case directories
            for found in (__fish_complete_directories "$path" '')
                echo "$flag$found"
            end
    end
end
complete --command mmsp --no-files --keep-order --arguments '(__mmsp_complete)'
