/** The look of the served pages: system fonts, light or dark as the reader has it, no script. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2330, #dfe5ee); --quiet: light-dark(#5a6577, #97a3b6);
  --page: light-dark(#ffffff, #11151c); --panel: light-dark(#f5f7fa, #181e28);
  --line: light-dark(#dde3ea, #2a3341); --link: light-dark(#0b5cad, #7ab8ff);
  --get: light-dark(#0b6bcb, #5aa9f5); --post: light-dark(#1a7f4b, #4cc38a);
  --patch: light-dark(#9a6700, #e0b040); --delete: light-dark(#c0362c, #f08a80);
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 1rem }
body { margin: 0; font: 16px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--page) }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
code, pre { font: 0.875em/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code { background: var(--panel); padding: 0.1em 0.3em; border-radius: 4px }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0 1rem }
pre code { padding: 0; background: none }
.page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); max-width: 84rem; margin: auto }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1rem;
  border-right: 1px solid var(--line); font-size: 0.9rem }
nav strong { font-size: 1.2rem }
nav h2 { font-size: 0.75rem; letter-spacing: 0.06em; text-transform: uppercase;
  color: var(--quiet); margin: 1.5rem 0 0.3rem }
nav ul { list-style: none; margin: 0; padding: 0 }
nav li a { display: block; padding: 0.15rem 0; color: var(--ink) }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; min-width: 0 }
h1 { line-height: 1.2; margin-top: 0 }
main > h2 { margin-top: 3.5rem; font-size: 1.6rem }
article { border-top: 1px solid var(--line); padding-top: 1.2rem; margin-top: 2.2rem }
article h3 { margin: 0 0 0.5rem; font-size: 1.2rem }
h4 { margin: 1.4rem 0 0.4rem; font-size: 0.95rem }
.line { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: baseline; margin: 0 0 0.6rem }
.line code { overflow-wrap: anywhere }
.badge { font: 700 0.75rem/1 ui-monospace, Menlo, Consolas, monospace; padding: 0.3rem 0.5rem;
  border-radius: 5px; border: 1px solid currentColor }
.get { color: var(--get) } .post { color: var(--post) }
.patch { color: var(--patch) } .delete { color: var(--delete) }
.quiet { color: var(--quiet); font-size: 0.9rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.8rem 0.4rem 0;
  border-bottom: 1px solid var(--line) }
th { color: var(--quiet); font-weight: 600 }
summary { cursor: pointer; padding: 0.25rem 0 }
.status { font: 700 0.9rem ui-monospace, Menlo, Consolas, monospace; margin-right: 0.5rem }
:target { background: color-mix(in srgb, var(--link) 10%, transparent) }
@media (max-width: 56rem) {
  .page { display: block }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line) }
}
@media print { nav { display: none } .page { display: block } }
`
