#compdef mmsp
# mmsp completion for zsh.
_mmsp() {
  local line kind=words
  local -a candidates
  while IFS= read -r line; do
    case $line in
      :*) kind=${line#:} ;;
      *$'\t'*) candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      *) candidates+=("${line//:/\\:}") ;;
    esac
  done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  [[ $kind != words && $PREFIX == --*=* ]] && compset -P '*='
  case $kind in
    files) _files ;;
    directories) _files -/ ;;
    *) (( $#candidates )) && _describe -V mmsp candidates ;;
  esac
}
if [[ ${funcstack[1]} == _mmsp ]]; then
  _mmsp "$@"
else
  compdef _mmsp mmsp
fi
