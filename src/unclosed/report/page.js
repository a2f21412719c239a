/* Filters, groups and folds the findings of the HTML report. Without it, all of them stand there, file by file. */
"use strict";
(() => {
  const form = document.querySelector(".filters");
  const list = document.querySelector("#findings");
  const status = document.querySelector("#status");
  const findings = [...document.querySelectorAll(".finding")];
  const checked = (name) => new Set([...form.querySelectorAll(`input[name=${name}]:checked`)].map((input) => input.value));

  function heading(key) {
    const section = document.createElement("section");
    const title = section.appendChild(document.createElement("h2"));
    title.append(key + " ");
    title.appendChild(document.createElement("span")).className = "count";
    return section;
  }

  function group(by) {
    const groups = new Map();
    for (const finding of findings) {
      const key = finding.dataset[by];
      if (!groups.has(key)) groups.set(key, heading(key));
      groups.get(key).append(finding);
    }
    const sections = [...groups].sort(([one], [other]) => (by === "file" ? 0 : one < other ? -1 : 1));
    list.querySelectorAll("section").forEach((section) => section.remove());
    list.append(...sections.map(([, section]) => section));
    list.className = `by-${by}`;
  }

  function filter() {
    const codes = checked("code");
    const degrees = checked("confidence");
    const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const finding of findings) {
      const text = finding.querySelector("summary").textContent.toLowerCase() + " " + finding.dataset.file.toLowerCase();
      finding.hidden = !(codes.has(finding.dataset.code) && degrees.has(finding.dataset.confidence) && words.every((word) => text.includes(word)));
    }
    for (const section of list.querySelectorAll("section")) {
      const shown = section.querySelectorAll(".finding:not([hidden])").length;
      section.hidden = shown === 0;
      section.querySelector(".count").textContent = `(${shown})`;
    }
    status.textContent = `${findings.filter((finding) => !finding.hidden).length} of ${findings.length} shown`;
  }

  function fold(open) {
    for (const finding of findings) if (!finding.hidden) finding.open = open;
  }

  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details")) target.open = true;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.name === "group") group(event.target.value);
    filter();
  });
  form.addEventListener("reset", () => setTimeout(() => { group("file"); filter(); }));
  document.querySelector("#open").addEventListener("click", () => fold(true));
  document.querySelector("#close").addEventListener("click", () => fold(false));
  window.addEventListener("hashchange", reveal);
  form.hidden = false;
  group(form.querySelector("input[name=group]:checked").value);
  filter();
  reveal();
})();
