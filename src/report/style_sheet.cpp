#include "style_sheet.h"

namespace moestro {

const char* const kStyleSheet = R"css(
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d1e21;--soft:#62656c;
--faint:#c8c5bc;--line:#e6e3db;--cell:#f0eee8}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--card:#1b1e22;--ink:#e8e6e1;
--soft:#9b9ea6;--faint:#4c5058;--line:#2a2d32;--cell:#202328}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 -apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:60rem;margin:0 auto;padding:2.2rem 1.1rem 3rem}
h1,.finding{font-family:ui-serif,"Iowan Old Style",Charter,Georgia,"Times New Roman",serif;
font-weight:normal;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:1.15rem;color:var(--soft);margin:0 0 .6rem}
.finding{font-size:clamp(1.45rem,1.1rem + 1.7vw,2.1rem);line-height:1.28;margin:0 0 1rem;
max-width:44rem}
h2{font-size:1.12rem;margin:2.8rem 0 .35rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:.92rem;margin:0 0 .25rem}
p{margin:0 0 .8rem;max-width:42rem}
a{color:inherit;text-decoration-color:var(--faint);text-underline-offset:.2em}
a:hover{text-decoration-color:currentColor}
sub{font-size:.72em;line-height:0}
.quiet,figcaption{color:var(--soft);font-size:.85rem}
th small.quiet{font-weight:400}
.experts+.quiet{margin-top:.9rem}
figcaption{margin-top:.35rem;line-height:1.4}
.notice{border-left:3px solid var(--ink);padding:.1rem 0 .1rem .8rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.4rem),1fr));
gap:1.2rem 1.5rem;margin:1.6rem 0 0}
.tiles dt{font-size:.85rem;color:var(--soft)}
.tiles dd{margin:0}
.tiles .big{font-size:1.65rem;line-height:1.25;white-space:nowrap}
.tiles .big small{font-size:.9rem;color:var(--soft)}
.tiles .why{font-size:.82rem;line-height:1.4;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23rem),1fr));
gap:2rem 2.4rem;margin-top:1.1rem;align-items:start}
figure{margin:0;max-width:34rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:11px;fill:var(--ink)}
svg .end{text-anchor:end}
svg .mid{text-anchor:middle}
svg .small{font-size:8.5px}
svg text.soft{fill:var(--soft)}
svg text.on{fill:var(--on)}
.grid{stroke:var(--line);stroke-width:1}
.tick{stroke:var(--faint);stroke-width:1}
.ink{--c:var(--ink);--on:var(--paper)}
.soft{--c:var(--soft)}
.faint{--c:var(--faint)}
.curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.curve.faint{stroke-width:1}
.dots{fill:none;stroke:var(--c);stroke-width:3.4;stroke-linecap:round;stroke-opacity:.85}
.dashed{stroke-dasharray:5 4}
.dot,.fill{fill:var(--c)}
.ring{fill:var(--paper);stroke:var(--c);stroke-width:1.8}
.area{fill:var(--c);stroke:var(--paper);stroke-width:1;stroke-linejoin:round}
.cell{fill:var(--cell)}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:0 0 .3rem;padding:0;
font-size:.82rem;color:var(--soft)}
.key i{display:inline-block;width:1.1rem;margin-right:.4rem;vertical-align:.25em;
border-top:3px solid var(--c)}
.key i.dashed{border-top-style:dashed}
.key i.full,.key i.hollow{width:.65rem;height:.65rem;border:2px solid var(--soft);border-radius:50%;
vertical-align:-.03em}
.key i.full{background:var(--soft)}
.experts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,17.5rem),1fr));
gap:1rem;margin-top:1.1rem}
.expert{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--c);
border-radius:3px;padding:.75rem .9rem .85rem}
.expert h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
.expert h3 b{display:inline-block;min-width:1.5em;padding:0 .35em;margin-right:.45rem;
text-align:center;border-radius:3px;background:var(--c);color:var(--on)}
.stats{display:flex;flex-wrap:wrap;align-items:flex-start;gap:.3rem .85rem;margin:.5rem 0 0}
.stats div{display:flex;flex-direction:column-reverse}
.stats dt{font-size:.76rem;color:var(--soft)}
.stats dd{margin:0;line-height:1.3;white-space:nowrap}
.samples{display:flex;flex-wrap:wrap;gap:.55rem .8rem;margin-top:.6rem}
.samples div{font-size:.76rem;color:var(--soft);line-height:1.3}
.samples span{display:flex;flex-wrap:wrap;gap:8px;margin-top:4px}
.samples img{display:block;width:34px;height:auto;image-rendering:pixelated;border-radius:2px}
.samples img.wrong{outline:2px solid var(--ink);outline-offset:1px;border-radius:0}
.scroll{overflow-x:auto;margin-top:1.1rem}
table{border-collapse:collapse;font-size:.9rem}
th,td{padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);text-align:left;
vertical-align:top}
.facts th{font-weight:normal;color:var(--soft);white-space:nowrap}
.facts td{overflow-wrap:anywhere}
.runs th,.runs td{text-align:right;white-space:nowrap;padding:.45rem .4rem .45rem 1rem}
.runs thead th{font-weight:normal;color:var(--soft)}
.runs th:first-child{text-align:left;padding-left:0;position:sticky;left:0;
background:var(--paper);white-space:normal;min-width:8.5rem;overflow-wrap:anywhere}
.runs i{display:inline-block;width:.7rem;height:.7rem;border-radius:2px;background:var(--c);
margin-right:.5rem}
.runs .best{font-weight:600}
.alone th,.alone td{padding-left:.6rem}
.alone th:first-child{min-width:0;white-space:nowrap}
.alone th small{white-space:normal}
.scroll+.quiet{margin-top:.6rem}
.figures+div{margin-top:1.4rem}
h3+.scroll{margin-top:0}
.tokens td{line-height:1.6}
.tokens th+td{white-space:nowrap}
.tokens td+td{padding-right:0}
.tokens+.quiet{margin-top:.6rem}
.tokens b{display:inline-block;min-width:1.5em;padding:0 .35em;text-align:center;border-radius:3px;
background:var(--c);color:var(--on)}
.tokens span{white-space:nowrap;margin-right:.55rem}
.tokens small{color:var(--soft)}
.layer{max-width:none;font-size:.92rem}
.layer summary{font-weight:normal}
details{margin-top:1.3rem}
summary{cursor:pointer;font-size:.92rem;font-weight:600}
code{font:.88em ui-monospace,"SF Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{overflow-x:auto;padding:.9rem 1rem;background:var(--card);border:1px solid var(--line);
border-radius:3px;font:.82rem/1.55 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
footer{margin-top:3rem;font-size:.82rem;color:var(--soft)}
)css";

}  // namespace moestro
