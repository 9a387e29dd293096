/** The one style sheet. System fonts, one accent colour that an organization can choose, light and dark. */
export const STYLE = `
:root { --accent: #3d5afe; --ink: #1c2330; --soft: #5d6778; --line: #e3e7ee; --paper: #fff; --ground: #f6f7fa; --bad: #b3261e;
  font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf1; --soft: #9aa5b8; --line: #2c3443; --paper: #191f2b; --ground: #10141c; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; }
header { background: var(--paper); border-bottom: 1px solid var(--line); }
header div, main { max-width: 60rem; margin: 0 auto; padding: 0.9rem 1.25rem; }
header div { display: flex; gap: 1.25rem; align-items: center; flex-wrap: wrap; }
header .mark { font-weight: 700; color: var(--accent); text-decoration: none; }
header form { margin-left: auto; display: flex; gap: 0.75rem; align-items: center; color: var(--soft); font-size: 0.9rem; }
nav { display: flex; gap: 0.25rem; flex-wrap: wrap; margin: 0 0 1.25rem; border-bottom: 1px solid var(--line); }
nav a { padding: 0.5rem 0.8rem; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; }
nav a[aria-current] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
h1 { font-size: 1.6rem; margin: 1rem 0; letter-spacing: -0.01em; }
h2 { font-size: 1.1rem; margin: 0 0 0.75rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.25rem; margin: 0 0 1.25rem; }
a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 0.85rem; }
th, td { padding: 0.5rem 0.6rem 0.5rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
td form, .row { display: inline-flex; gap: 0.5rem; align-items: end; flex-wrap: wrap; margin: 0; }
label { display: grid; gap: 0.25rem; font-size: 0.85rem; color: var(--soft); }
form:not(.row) > label { margin-bottom: 0.75rem; }
input, select, textarea { font: inherit; font-size: 1rem; line-height: 1.4; color: inherit; padding: 0.45rem 0.6rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--ground); min-width: 0; }
button { font: inherit; padding: 0.45rem 0.9rem; border: 0; border-radius: 0.5rem; background: var(--accent); color: #fff; cursor: pointer; }
button.quiet { background: none; color: var(--soft); border: 1px solid var(--line); }
button.bad { background: none; color: var(--bad); border: 1px solid currentColor; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.badge { font-size: 0.78rem; padding: 0.1rem 0.55rem; border-radius: 1rem; border: 1px solid var(--line); color: var(--soft); }
.soft { color: var(--soft); }
.problem { border-color: var(--bad); }
code { font-size: 0.85em; background: var(--ground); padding: 0.1rem 0.35rem; border-radius: 0.3rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { header form { margin-left: 0; } td form { display: flex; } }
`;
