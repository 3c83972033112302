// The theme, which is the system's unless the reader says otherwise, and the evaluation that is shown.
(() => {
  const theme = document.getElementById("theme");
  theme.addEventListener("change", () => state.set("theme", theme.value));
  state.on("theme", (value) => {
    theme.value = ["light", "dark"].includes(value) ? value : "";
    if (theme.value) document.documentElement.dataset.theme = theme.value;
    else delete document.documentElement.dataset.theme;
  });

  const chooser = document.getElementById("evaluation");
  if (!chooser) return;
  const sections = [...document.querySelectorAll("section.evaluation")];
  function show(name) {
    const known = sections.some((section) => section.dataset.evaluation === name);
    chooser.value = known ? name : sections[0].dataset.evaluation;
    for (const section of sections) section.hidden = section.dataset.evaluation !== chooser.value;
  }
  chooser.addEventListener("change", () => state.set("evaluation", chooser.value));
  show("");
  state.on("evaluation", show);
})();
