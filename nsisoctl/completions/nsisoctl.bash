# bash completion of nsisoctl(8).  What there is to complete is asked of nsisoctl itself: commands, their options,
# keys and the words of their values; nothing of it is written down here.
# shellcheck shell=bash

_nsisoctl_commands() {
	nsisoctl help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# Options of the usage, "--from PRESET" with what follows them.
_nsisoctl_usage() { # COMMAND
	nsisoctl "$1" --help 2>/dev/null | sed -n 's/^usage: nsisoctl [a-z-]* *//p'
}

# Its words; "]" and "|" end what belongs together.
_nsisoctl_words() { # USAGE
	local usage=${1//[\[,]/ }

	usage=${usage//]/ ] }
	tr -s ' ' '\n' <<<"${usage//|/ | }"
}

_nsisoctl_options() { # USAGE
	local word

	for word in $(_nsisoctl_words "$1"); do
		case $word in
		--?*) echo "$word" ;;
		-?*) fold -w 1 <<<"${word#-}" | sed 's/^/-/' ;;
		esac
	done
}

# What the option takes: "PRESET"; nothing when it takes nothing.
_nsisoctl_takes() { # USAGE OPTION
	local word last=

	for word in $(_nsisoctl_words "$1"); do
		[[ $last == "$2" && $word == [A-Z]* ]] && echo "$word"
		last=$word
	done
}

_nsisoctl_users() {
	getent passwd | awk -F: '$3 >= 1000 && $3 != 65534 { print $1 }'
}

_nsisoctl_instances() {
	nsisoctl list 2>/dev/null | awk 'NR > 1 { print $2 }'
}

_nsisoctl_policies() {
	local file

	_nsisoctl_users
	echo default
	for file in /etc/nsiso/conf.d/*.conf; do
		[[ -e $file ]] && file=${file%.conf} && echo "${file#/etc/nsiso/}"
	done
}

# "memory.max=", or "net.mode=" where several sections have a key of that name.
_nsisoctl_keys() { # SUFFIX
	nsisoctl keys 2>/dev/null | awk -F'\t' -v suffix="$1" '
		{ section[NR] = $1; name[NR] = $2; count[$2]++ }
		END { for (i = 1; i <= NR; i++)
			print (count[name[i]] > 1 ? section[i] "." : "") name[i] suffix }'
}

_nsisoctl_values() { # KEY
	nsisoctl keys 2>/dev/null | awk -F'\t' -v key="${1%\?}" '
		(key == $2 || key == $1 "." $2) && $6 != "-" { gsub(" ", "\n", $6); print $6; exit }'
}

# Words for an argument that the usage calls so.
_nsisoctl_kind() { # KIND COMMAND
	case $1 in
	PRESET) nsisoctl new --list 2>/dev/null | awk '{ print $1 }' ;;
	NAME) command ls /etc/pam.d 2>/dev/null ;;
	TIME) printf '%s\n' 10m 30m 1h 2h ;;
	SECTION) nsisoctl keys 2>/dev/null | cut -f 1 | sort -u ;;
	COMMAND) _nsisoctl_commands ;;
	USER) _nsisoctl_users ;;
	ID) _nsisoctl_instances ;;
	esac
}

# Words for the next argument of a command without options; "FILE" alone: files.
_nsisoctl_arguments() { # COMMAND USAGE NUMBER WORD
	local kind

	case $1:$3 in
	edit:1 | set:1 | unset:1 | new:1) _nsisoctl_policies ;;
	set:*)
		if [[ $4 == *=* ]]; then
			_nsisoctl_values "${4%%=*}" | sed "s|^|${4%%=*}=|"
		else
			_nsisoctl_keys "="
		fi ;;
	unset:*) _nsisoctl_keys "" ;;
	*)
		for kind in $(_nsisoctl_words "${2//./}"); do
			# Behind it stands another program's command.
			[[ $kind != -- ]] || break
			[[ $3 -gt 1 && $kind != FILE ]] || _nsisoctl_kind "$kind" "$1"
			[[ $kind != FILE ]] || echo FILE
		done ;;
	esac
}

# All that could stand at the end of this line, one a line; "FILE" and "DIR" stand for those.
_nsisoctl_candidates() { # WORD...
	local command=$2 usage kind number=0 i
	local cur=${!#}

	if (($# <= 2)); then
		_nsisoctl_commands
		return
	fi
	usage=$(_nsisoctl_usage "$command")
	kind=$(_nsisoctl_takes "$usage" "${*: -2:1}")
	if [[ $kind ]]; then
		[[ $kind == FILE || $kind == DIR ]] && echo "$kind"
		_nsisoctl_kind "$kind" "$command"
		return
	fi
	if [[ $cur == -* ]]; then
		_nsisoctl_options "$usage"
		echo --help
		return
	fi
	for ((i = 3; i <= $#; i++)); do
		[[ ${!i} == -* || $(_nsisoctl_takes "$usage" "${*:i-1:1}") ]] || number=$((number + 1))
	done
	_nsisoctl_arguments "$command" "$usage" "$number" "$cur"
}

_nsisoctl() {
	local line=${COMP_LINE:0:COMP_POINT} words cur candidates

	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	cur=${words[-1]}
	candidates=$(_nsisoctl_candidates "${words[@]}")
	COMPREPLY=()
	case $'\n'$candidates$'\n' in
	*$'\n'FILE$'\n'*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*$'\n'DIR$'\n'*) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	esac
	((${#COMPREPLY[@]} == 0)) || compopt -o filenames
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
		compgen -W "$(grep -vxE 'FILE|DIR' <<<"$candidates")" -- "$cur")
	# bash takes "=" for the beginning of a word.
	[[ $cur != *=* || $COMP_WORDBREAKS != *=* ]] || COMPREPLY=("${COMPREPLY[@]#"${cur%%=*}="}")
	[[ ${COMPREPLY[0]-} != *= && ${COMPREPLY[0]-} != *: ]] || compopt -o nospace
}

complete -F _nsisoctl nsisoctl
