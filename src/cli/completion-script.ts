import { ASK_FOR_COMPLETIONS, SHELLS, type Shell } from './shells.ts';

/** The completion script of `shell`, or of the login shell at the path `login` when `shell` is missing. */
export function completionScript(shell: Shell | undefined, login: string | undefined): string {
  return SCRIPTS[shell ?? SHELLS.find((each) => login?.endsWith(`/${each}`)) ?? 'bash'];
}

/** The program answers for the shell in SHELL, which is the login shell and not always the one that asks. */
const ask = (shell: Shell) => `SHELL=${shell} portsentry ${ASK_FOR_COMPLETIONS}`;

/**
 * Each shell gives the program its words, the last of which it completes, and offers the lines of the answer. Without
 * any it offers files. bash divides words at colons, so an IPv6 address is put together from the line, and bash gets the
 * part after its last colon.
 */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# Completion of portsentry(8) for bash, made by: portsentry completion bash
_portsentry() {
    local line=\${COMP_LINE:0:COMP_POINT} current divided word
    local -a words found
    read -ra words <<< "$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    current=\${words[\${#words[@]}-1]}
    mapfile -t found < <(${ask('bash')} "\${words[@]}" 2> /dev/null)
    divided=
    [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && divided=\${current%"\${current##*:}"}
    COMPREPLY=()
    for word in "\${found[@]}"; do
        [[ $word == "$current"* ]] && COMPREPLY+=("\${word#"$divided"}")
    done
}
complete -o bashdefault -o default -F _portsentry portsentry
`,
  zsh: `#compdef portsentry
# Completion of portsentry(8) for zsh, made by: portsentry completion zsh
_portsentry() {
  local -a found
  found=("\${(@f)$(${ask('zsh')} "\${(@)words[1,CURRENT]}" 2> /dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then
    _describe 'values' found
  else
    _default
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _portsentry "$@"
else
  compdef _portsentry portsentry
fi
`,
  fish: `# Completion of portsentry(8) for fish, made by: portsentry completion fish
function __portsentry_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found (${ask('fish').replace('SHELL', 'env SHELL')} $words 2> /dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c portsentry -f -a '(__portsentry_complete)'
`,
};
