# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Completion for bash. Options and commands are those of --help; the word for a value (PID, FILE, ...) says what to offer.

# "NAME VALUE" for each option; VALUE may be missing.
_viztrace_bpf_options() {
	local line
	"$1" --help 2>/dev/null | while IFS= read -r line; do
		[[ $line =~ ^\ +(-.*) ]] || continue
		line=${BASH_REMATCH[1]}
		# "-p, --pid PID  a process ...": both names take it. "--methods PAT, --no-methods   only ...": the first does.
		if [[ $line =~ ^(-[a-z]),\ (--[a-z-]+)\ ?([A-Z]*) ]]; then
			printf '%s %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[3]}"
			continue
		fi
		while [[ $line =~ ^(--[a-z][a-z-]*)\ ?([A-Z]*)(,\ )? ]]; do
			printf '%s %s\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
			[[ ${BASH_REMATCH[3]} ]] || break
			line=${line:${#BASH_REMATCH[0]}}
		done
	done
}

_viztrace_bpf_commands() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

# Of the counters and objects of the process, program or command that the line names: pool, pool.load.
_viztrace_bpf_names() {
	local tool=$1 i what=()
	for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
		case ${COMP_WORDS[i]} in
		-p | --pid) what=(-p "${COMP_WORDS[i + 1]}") ;;
		-x | --program) what=("${COMP_WORDS[i + 1]}") ;;
		--)
			what=("$(type -P -- "${COMP_WORDS[i + 1]}")")
			break
			;;
		esac
	done
	[[ ${what[0]} ]] || return
	"$tool" list "${what[@]}" 2>/dev/null | awk '
		/^  (counter|object) / { tag = $2; print tag; next }
		/^  dict / { tag = "" }
		/^    / && tag && !/\(private/ { print tag "." $1 }'
}

_viztrace_bpf_value() {
	local tool=$1 value=$2 cur=$3
	case $value in
	PID) mapfile -t COMPREPLY < <(compgen -W "$("$tool" list 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$cur") ;;
	DIR)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	FILE | PROGRAM)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	USER) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	PAT) mapfile -t COMPREPLY < <(compgen -W "$(_viztrace_bpf_names "$tool")" -- "$cur") ;;
	SITE) mapfile -t COMPREPLY < <(compgen -W "auto nop1 nop5 nop10" -- "$cur") ;;
	FORMAT) mapfile -t COMPREPLY < <(compgen -W "chrome perfetto rows" -- "$cur") ;;
	WAY) mapfile -t COMPREPLY < <(compgen -W "auto batch trap" -- "$cur") ;;
	esac
}

# Behind two dashes, the first of which is word $1: a command, and what completes that.
_viztrace_bpf_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset $(($1 + 1))
	elif ((COMP_CWORD == $1 + 1)); then
		mapfile -t COMPREPLY < <(compgen -c -- "$2")
	else
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	fi
}

_viztrace_bpf() {
	local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} options command="" name value i
	COMPREPLY=()
	# --include=PAT is three words here.
	if [[ $cur == = ]]; then
		cur=""
	elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			_viztrace_bpf_command "$i" "$cur"
			return
			;;
		list | open | report | check | convert | merge | help) command=${COMP_WORDS[i]} ;;
		esac
	done
	# Its value may be missing, so it is none without the equals sign.
	if [[ $prev == --report && " ${COMP_WORDS[*]:COMP_CWORD-1:2} " == *" = "* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur")
		return
	fi
	options=$(_viztrace_bpf_options "$tool")
	while read -r name value; do
		if [[ $name == "$prev" && $value ]]; then
			_viztrace_bpf_value "$tool" "$value" "$cur"
			return
		fi
	done <<<"$options"
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(awk '{ print $1 }' <<<"$options") --" -- "$cur")
	elif [[ $command =~ ^(list|open|report|check|convert|merge)$ ]]; then
		_viztrace_bpf_value "$tool" FILE "$cur"
	elif [[ $command == help ]] || ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_viztrace_bpf_commands "$tool")" -- "$cur")
	fi
}

complete -F _viztrace_bpf viztrace-bpf
