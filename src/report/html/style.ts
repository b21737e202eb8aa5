/** The colours of a picture from few to many probes, in light and in dark; the first one is for less than one. */
const LIGHT = ['#cfe0f3', '#74aae4', '#4d91d6', '#2169b0', '#124a85', '#07264d'];
const DARK = ['#1d3552', '#2f5f94', '#4484c4', '#6aa9e6', '#9ccbf7', '#e3f2ff'];

/** How many classes of density a picture has. */
export const CLASSES = LIGHT.length;

const colours = (values: readonly string[]) => values.map((value, index) => `--d${index}:${value};`).join('');

const LIGHT_THEME = `color-scheme:light;--page:#f6f8fa;--card:#fff;--text:#1c2128;--dim:#57606a;--line:#d5dae0;--grid:#e6eaee;--accent:#0b5cad;--bad:#a8201a;--good:#136c34;--warm:#8a5200;${colours(LIGHT)}`;
const DARK_THEME = `color-scheme:dark;--page:#0d1117;--card:#161b22;--text:#e6edf3;--dim:#9aa5b1;--line:#30363d;--grid:#242a32;--accent:#6cb0f5;--bad:#ff8f87;--good:#6fd08c;--warm:#e8b45a;${colours(DARK)}`;

/** The only style sheet of the page. */
export const STYLE = `:root{${LIGHT_THEME}}
@media(prefers-color-scheme:dark){:root{${DARK_THEME}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{max-width:84rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
footer{padding-bottom:2rem;color:var(--dim);font-size:.875rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 .6rem}
h3{font-size:.95rem;margin:1rem 0 .4rem}
p{margin:.3rem 0 .6rem}
.dim,caption,figcaption{color:var(--dim)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.25rem;margin:1rem 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1.25rem 0 0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem}
dt{color:var(--dim);font-size:.85rem}
dd{margin:0;overflow-wrap:anywhere}
.figures dd{font-size:1.5rem;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
.figures .more{display:block;font-size:.8rem;font-weight:400;color:var(--dim)}
figure{margin:0}
figcaption{font-size:.875rem;margin-top:.4rem}
.scroll{overflow-x:auto;border-radius:4px}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block}
.picture{width:100%;min-width:44rem;height:auto}
.picture text{fill:var(--dim);font-size:12px}
.picture .name{fill:var(--text)}
.grid{stroke:var(--grid);fill:none}
.axis{stroke:var(--line);fill:none}
.bar{fill:var(--d3)}
.bar2{fill:var(--d1)}
${LIGHT.map((_, index) => `.d${index}{fill:var(--d${index})}`).join('')}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:.5rem 0 0;padding:0;font-size:.875rem;color:var(--dim)}
.legend li{display:flex;align-items:center;gap:.4rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;font-size:.875rem;padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.32rem .9rem .32rem 0;border-bottom:1px solid var(--grid)}
thead th{color:var(--dim);font-weight:500;font-size:.82rem;white-space:nowrap;border-bottom-color:var(--line);vertical-align:bottom}
tbody th{font-weight:500}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
time,.nowrap{white-space:nowrap;font-variant-numeric:tabular-nums}
.address{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.92em;overflow-wrap:anywhere;min-width:8.5rem}
.text{overflow-wrap:anywhere;min-width:9rem;max-width:24rem}
.word{overflow-wrap:anywhere;min-width:5rem}
.head>*{border-bottom:0;padding-bottom:0}
.more>td{padding-top:0}
details{font-size:.875rem;color:var(--dim)}
summary{cursor:pointer;width:max-content;border-radius:3px}
details dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem 1rem;margin:.3rem 0 .5rem;color:var(--text)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.bad{color:var(--bad)}.good{color:var(--good)}.warm{color:var(--warm)}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:0 2.5rem;align-items:start}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.5rem;margin:0}
.hints{margin:1rem 0 0;padding:.7rem 1.25rem;border:1px solid var(--line);border-left:4px solid var(--warm);border-radius:10px;background:var(--card)}
@media print{html{font-size:11px}body{font-size:1rem}:root{${LIGHT_THEME}--page:#fff}header,main,footer{max-width:none;padding:0}section{border:0;border-radius:0;padding:0;margin:1.1rem 0}.figures div,.hints{border-radius:0}h2,h3{break-after:avoid}figure,tr,.figures,.legend{break-inside:avoid}.scroll{overflow:visible}.picture{min-width:0}thead{display:table-header-group}details:not([open]){display:none}table{font-size:.9em}.text{min-width:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media(max-width:40rem){header{padding-top:1rem}header,main,footer{padding-left:.75rem;padding-right:.75rem}section{padding:.9rem}}
`;
