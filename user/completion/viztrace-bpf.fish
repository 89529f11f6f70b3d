# SPDX-License-Identifier: BSD-2-Clause
# Completion for fish. Options and commands are those of --help; the word for a value (PID, FILE, ...) says what to offer.

function __viztrace_bpf_pids
    viztrace-bpf list 2>/dev/null | string replace -rf '^ *(\d+)  (.{16}) .*' '$1\t$2'
end

# Of the counters and objects of the process or program that the line names: pool, pool.load.
function __viztrace_bpf_names
    set -l words (commandline -opc)
    set -l what
    for i in (seq 2 (count $words))
        set -l next (math $i + 1)
        switch $words[$i]
            case -p --pid
                set what -p $words[$next]
            case -x --program
                set what $words[$next]
        end
    end
    test -n "$what"; or return
    set -l tag ''
    viztrace-bpf list $what 2>/dev/null | while read -l -d \n line
        set -l found (string match -r '^  (?:counter|object) (\S+)' -- $line)
        if test -n "$found"
            set tag $found[2]
            echo $tag
        else if string match -qr '^  dict ' -- $line
            set tag ''
        else if test -n "$tag"; and not string match -q '*(private*' -- $line
            string replace -rf '^    (\S+).*' "$tag.\$1" -- $line
        end
    end
end

function __viztrace_bpf_option --argument-names short long value about
    set -l args -c viztrace-bpf -l (string sub -s 3 -- $long) -d $about
    test -n "$short"; and set -a args -s (string sub -s 2 -- $short)
    switch $value
        case PID
            set -a args -x -a '(__viztrace_bpf_pids)'
        case DIR
            set -a args -x -a '(__fish_complete_directories)'
        case FILE PROGRAM
            set -a args -r -F
        case USER
            set -a args -x -a '(__fish_complete_users)'
        case PAT
            set -a args -x -a '(__viztrace_bpf_names)'
        case SITE
            set -a args -x -a 'auto nop1 nop5 nop10'
        case FORMAT
            set -a args -x -a 'chrome perfetto rows'
        case WAY
            set -a args -x -a 'auto batch trap'
        case '?*'
            set -a args -x
    end
    complete $args
end

# Behind two dashes: a command, and what completes that.
function __viztrace_bpf_has_command
    contains -- -- (commandline -opc)
end

function __viztrace_bpf_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    complete -C (string join ' ' -- (string escape -- $words[(math $at + 1)..-1]) (commandline -ct))
end

complete -c viztrace-bpf -f
complete -c viztrace-bpf -n __viztrace_bpf_has_command -x -a '(__viztrace_bpf_command)'
viztrace-bpf --help 2>/dev/null | while read -l -d \n line
    # Each group takes part in each match: one that does not is left out of the list.
    set line (string replace -r '\[=.*\]' '' -- $line)
    set -l term (string match -r '^ +(-?[a-z]?),? ?(--[a-z][a-z-]*) ?([A-Z]*),? ?((?:--[a-z-]+)?) ?([A-Z]*) *(.*)$' -- $line)
    if test (count $term) -gt 0
        __viztrace_bpf_option "$term[2]" "$term[3]" "$term[4]" "$term[7]"
        test -n "$term[5]"; and __viztrace_bpf_option '' "$term[5]" "$term[6]" "$term[7]"
        continue
    end
    set term (string match -r '^  ([a-z]+) +(.*)' -- $line)
    if test (count $term) -gt 0
        complete -c viztrace-bpf -n 'not __viztrace_bpf_has_command; and __fish_use_subcommand' -a $term[2] -d $term[3]
        complete -c viztrace-bpf -n '__fish_seen_subcommand_from help' -a $term[2] -d $term[3]
    end
end
complete -c viztrace-bpf -n '__fish_seen_subcommand_from list open report check convert merge' -F
