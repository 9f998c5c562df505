/** The page needs nothing else: no script, no font, no other file. It prints in black on white. */
export const style = `
:root{color-scheme:light dark;--text:#1b1f24;--soft:#5b6572;--line:#dfe3e8;--page:#fff;--card:#f6f7f9;--bar:#0072b2;--note:#d55e00}
@media (prefers-color-scheme:dark){:root{--text:#e7eaee;--soft:#9aa5b1;--line:#2e353d;--page:#14181c;--card:#1d2329;--bar:#56b4e9;--note:#e69f00}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);max-width:860px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 4px}h2{font-size:1.15rem;margin:36px 0 8px;border-bottom:1px solid var(--line);padding-bottom:4px}
h3{font-size:.95rem;font-weight:600;margin:20px 0 4px}
.soft,.note{color:var(--soft);font-size:.9rem}p{margin:4px 0}
.badge{display:inline-block;border:1px solid var(--note);color:var(--note);border-radius:999px;padding:0 10px;font-size:.85rem;vertical-align:middle}
.badge.final{border-color:var(--bar);color:var(--bar)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:20px 0 0}
.tile{background:var(--card);border-radius:8px;padding:12px 14px}.tile b{display:block;font-size:1.35rem;overflow-wrap:anywhere;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:.85rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:5px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:8.5em}th{color:var(--soft);font-weight:500;font-size:.85rem}
svg{display:block;overflow:visible}.bar{fill:var(--bar)}
.bars{list-style:none;margin:6px 0;padding:0;font-size:.9rem}.bars li{display:grid;grid-template-columns:minmax(7em,30%) 1fr minmax(5em,auto);gap:10px;align-items:center;padding:2px 0}
.bars span{overflow-wrap:anywhere}.bars b{font-weight:500;text-align:right;font-variant-numeric:tabular-nums}
.columns{margin:6px 0}.columns svg{border-bottom:1px solid var(--line)}.days{display:flex;font-size:.8rem;color:var(--soft)}.days span{flex:1;min-width:0;text-align:center;white-space:nowrap}
@media print{:root{--text:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#f3f3f3;--bar:#0072b2;--note:#000}body{padding:0;max-width:none;font-size:11pt}
section{break-inside:avoid}h2{break-after:avoid}}
`
