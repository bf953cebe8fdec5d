"use strict";
// Rows are drawn as they are needed, and by text only: nothing that stands in a cell can be markup.
(() => {
  const CHUNK = 100;
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const levels = { low: 1, medium: 2, high: 3 };

  // A cell is a value, or a list: the value that it is sorted by, and lines below it.
  const lines = (cell) => (Array.isArray(cell) ? cell : [cell]);
  const head = (cell) => lines(cell)[0];
  const missing = (value) => value === null || value === "";
  const text = (value) => (missing(value) ? "-" : value === true ? "yes" : value === false ? "no" : String(value));

  // Short words are never broken, long ones wherever they have to be.
  const shape = (shown) => (shown === "-" ? "none" : /\S{25}/.test(shown) ? "long" : /\s/.test(shown) ? "" : "word");

  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : order.compare(text(a), text(b)));

  const element = (name, content, className) => {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (className) made.className = className;
    return made;
  };

  class Grid {
    constructor(section) {
      this.number = section.dataset.grid;
      this.findings = section.classList.contains("findings");
      this.body = section.querySelector("tbody");
      this.status = section.querySelector("[role=status]");
      this.more = section.querySelector(".more");
      this.search = section.querySelector("input");
      this.choices = [...section.querySelectorAll("select")];
      const data = JSON.parse(section.querySelector("script").textContent);
      this.alarming = new Set(data.alarming);
      this.checks = new Set(data.checks);
      this.all = data.rows.map((cells, place) => ({ cells, place, waived: data.waived[place] || 0 }));
      this.rows = this.all;
      this.heads = [...section.querySelectorAll("thead th")];
      this.heads.forEach((one, column) => this.sortable(one, column));
      this.search.addEventListener("input", () => this.filter());
      this.choices.forEach((choice) => choice.addEventListener("change", () => this.filter()));
      this.more.addEventListener("click", () => this.draw(this.rows.length));
      section.querySelector(".controls").hidden = false;
      new IntersectionObserver((seen) => seen.at(-1).isIntersecting && this.draw(this.drawn + CHUNK), {
        rootMargin: "400px",
      }).observe(this.more);
      this.show();
    }

    sortable(one, column) {
      const button = element("button", one.textContent);
      button.type = "button";
      one.replaceChildren(button);
      button.addEventListener("click", () => this.sort(one, column));
    }

    sort(one, column) {
      const sign = one.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of this.heads) other.removeAttribute("aria-sort");
      one.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const key = (row) => {
        const value = head(row.cells[column]);
        return this.findings && column === 0 ? levels[value] : value;
      };
      // What is not there comes last, whichever way it is sorted; what is the same stays as it was at first.
      this.all = this.all
        .map((row) => [key(row), row])
        .sort(([a, x], [b, y]) => missing(a) - missing(b) || sign * compare(a, b) || x.place - y.place)
        .map(([, row]) => row);
      this.filter();
    }

    filter() {
      const wanted = this.search.value.trim().toLowerCase();
      const chosen = Object.fromEntries(this.choices.map((choice) => [choice.dataset.by, choice.value]));
      this.rows = this.all.filter(
        (row) =>
          (!chosen.severity || head(row.cells[0]) === chosen.severity) &&
          (!chosen.waived || String(row.waived) === chosen.waived) &&
          (!wanted || row.cells.some((cell) => lines(cell).some((line) => text(line).toLowerCase().includes(wanted)))),
      );
      this.show();
    }

    show() {
      this.body.replaceChildren();
      this.drawn = 0;
      const [shown, all] = [this.rows.length, this.all.length].map((number) => number.toLocaleString("en"));
      this.status.textContent = `${shown} of ${all} shown`;
      this.draw(CHUNK);
    }

    draw(until) {
      const fragment = document.createDocumentFragment();
      const end = Math.min(until, this.rows.length);
      for (; this.drawn < end; this.drawn += 1) fragment.append(this.row(this.rows[this.drawn]));
      this.body.append(fragment);
      this.more.hidden = this.drawn >= this.rows.length;
    }

    row(row) {
      const line = element("tr", undefined, row.waived ? "waived" : "");
      line.setAttribute("role", "row");
      row.cells.forEach((cell, column) => {
        const [first, ...rest] = lines(cell);
        const drawn = element("td", undefined, rest.length ? "" : shape(text(first)));
        drawn.setAttribute("role", "cell");
        drawn.append(this.first(first, column), ...rest.map((one) => element("span", text(one), "line")));
        line.append(drawn);
      });
      return line;
    }

    first(value, column) {
      if (this.findings && column === 0) return element("span", text(value), `level ${value}`);
      if (this.findings && column === 1 && this.checks.has(value)) {
        const link = element("a", text(value));
        link.href = `#check-${this.number}-${value}`;
        return link;
      }
      if (value === true && this.alarming.has(column)) return element("strong", "yes", "high");
      return document.createTextNode(text(value));
    }
  }

  const grids = [...document.querySelectorAll("section[data-grid]")].map((section) => new Grid(section));

  // A link to a check opens what is said of it.
  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  window.addEventListener("hashchange", unfold);
  unfold();

  // On paper nothing is folded, and no row is missing.
  let folded = [];
  const unfoldAll = () => {
    grids.forEach((grid) => grid.draw(grid.rows.length));
    folded = folded.concat([...document.querySelectorAll("details:not([open])")]);
    folded.forEach((one) => { one.open = true; });
  };
  const foldAgain = () => {
    folded.forEach((one) => { one.open = false; });
    folded = [];
  };
  window.addEventListener("beforeprint", unfoldAll);
  window.addEventListener("afterprint", foldAgain);
  window.matchMedia("print").addEventListener("change", (query) => (query.matches ? unfoldAll() : foldAgain()));
})();
