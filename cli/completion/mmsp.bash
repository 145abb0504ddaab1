# mmsp completion for bash, 3.2 and later.
_mmsp_answer() {
  # An alias is no program: only what is read anew knows it. The name of one holds nothing that a shell would run.
  if [[ ${COMP_WORDS[0]} != *=* ]] && alias -- "${COMP_WORDS[0]}" >/dev/null; then
    eval "${COMP_WORDS[0]}"' __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}"'
  else
    "${COMP_WORDS[0]}" __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}"
  fi
}
_mmsp() {
  local line kind=words current=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) kind=${line#:} ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <(_mmsp_answer 2>/dev/null)
  # Readline knows best about paths; bash 3.2 cannot ask it from here.
  local action=
  case $kind in
    files) compopt -o default 2>/dev/null && return; action=-f ;;
    directories) compopt -o dirnames 2>/dev/null && return; action=-d ;;
    *) return ;;
  esac
  [[ $current == = ]] && current=
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(compgen $action -- "$current")
}
complete -o nosort -F _mmsp mmsp 2>/dev/null || complete -F _mmsp mmsp
