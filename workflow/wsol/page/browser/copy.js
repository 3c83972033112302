// A table as it is seen, without its hidden rows and columns: Markdown and LaTeX to the clipboard, CSV as a file.
(() => {
  const ESCAPED = {
    "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}",
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "−": "$-$", "–": "--",
    "<": "\\textless{}", ">": "\\textgreater{}", "≥": "$\\geq$", "×": "$\\times$",
  };
  const latex = (text) => [...text].map((char) => ESCAPED[char] || char).join("");
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const plain = (text) => (text === undefined ? "" : String(Number(text)));

  // The first text of a cell, and its interval; notes below it stay on the page.
  function words(cell) {
    return [...cell.querySelectorAll("b, i, span:not(.bar), button:not(.what)")].map((part) => part.textContent).join(" ").trim();
  }

  function seen(table) {
    const heads = [...table.tHead.rows[0].cells].filter((head) => !head.hidden);
    const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
    const cells = rows.map((row) => [...row.cells].filter((cell) => !cell.hidden));
    return { heads, names: heads.map((head) => head.querySelector(".sort").textContent), cells };
  }

  const forms = {
    md: ({ heads, names, cells }) => {
      const line = (texts) => `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
      const rule = `|${heads.map((head) => ("numbers" in head.dataset ? "---:" : "---")).join("|")}|`;
      return [line(names), rule, ...cells.map((row) => line(row.map(words)))].join("\n") + "\n";
    },
    tex: ({ heads, names, cells }) => {
      const letters = heads.map((head) => ("numbers" in head.dataset ? "r" : "l")).join("");
      const line = (texts) => `${texts.map(latex).join(" & ")} \\\\`;
      const body = cells.map((row) => line(row.map(words)));
      const rules = [`\\begin{tabular}{${letters}}`, "\\toprule", line(names), "\\midrule", ...body, "\\bottomrule", "\\end{tabular}"];
      return rules.join("\n") + "\n";
    },
    csv: ({ names, cells }) => {
      const intervals = names.map((_, place) => cells.some((row) => "low" in row[place].dataset));
      const head = names.flatMap((name, place) => (intervals[place] ? [name, `${name} low`, `${name} high`] : [name]));
      const body = cells.map((row) => row.flatMap((cell, place) => {
        const value = "value" in cell.dataset ? plain(cell.dataset.value) : words(cell);
        return intervals[place] ? [value, plain(cell.dataset.low), plain(cell.dataset.high)] : [value];
      }));
      return [head, ...body].map((row) => row.map(quoted).join(",")).join("\n") + "\n";
    },
  };

  function save(text, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const sheet = button.closest(".sheet");
    const form = button.dataset.form;
    const text = forms[form](seen(sheet.querySelector("table")));
    let said = "copied";
    if (form === "csv") {
      save(text, `${sheet.dataset.key}.csv`);
      said = "saved";
    } else {
      await copy(text).catch(() => (said = "the browser does not let this page copy"));
    }
    document.getElementById("told").textContent = said;
    const label = button.textContent;
    button.textContent = said;
    setTimeout(() => (button.textContent = label), 1200);
  });
})();
