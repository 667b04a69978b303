// Render formulas with KaTeX and MathJax and report what either of them rejects.
//
// stdin:  [{"id": …, "latex": …, "display": true | false}, …]
// stdout: {"checked": n, "failures": [{"id": …, "engine": …, "message": …}, …]}

import { readFileSync } from "node:fs";
import katex from "katex";
import mathjax from "mathjax";

// MathJax shows an unknown macro in red and an error as a box; here both are thrown.
const MathJax = await mathjax.init({
  loader: { load: ["input/tex"] },
  tex: {
    packages: { "[-]": ["noundefined"] },
    formatError: (_, error) => {
      throw error;
    },
  },
});

const engines = {
  KaTeX: (latex, displayMode) => {
    // A character without metrics is only a console warning: make it an error as well.
    const warn = console.warn;
    console.warn = (message) => {
      throw new Error(message);
    };
    try {
      katex.renderToString(latex, { displayMode, strict: "error", throwOnError: true });
    } finally {
      console.warn = warn;
    }
  },
  MathJax: async (latex, display) => {
    MathJax.texReset(); // labels of the formula before
    const mathml = await MathJax.tex2mmlPromise(latex, { display });
    if (mathml.includes("<merror")) throw new Error(mathml);
  },
};

const items = JSON.parse(readFileSync(0, "utf8"));
const failures = [];
for (const { id, latex, display } of items) {
  for (const [engine, render] of Object.entries(engines)) {
    try {
      await render(latex, display);
    } catch (error) {
      failures.push({ id, engine, message: error.message });
    }
  }
}
console.log(JSON.stringify({ checked: items.length, failures }));
