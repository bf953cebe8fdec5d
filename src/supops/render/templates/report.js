"use strict";
// Rows are drawn as they are needed, and by text only: nothing that stands in a cell can be markup.
(() => {
  const CHUNK = 100;
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const severities = { high: 3, medium: 2, low: 1 };

  const text = (value) => (value === null || value === "" ? "-" : value === true ? "yes" : value === false ? "no" : String(value));

  const compare = (a, b) => {
    if (a === b) return 0;
    // What is not there comes last.
    if (a === null || a === "") return 1;
    if (b === null || b === "") return -1;
    if (severities[a] && severities[b]) return severities[a] - severities[b];
    if (typeof a === "number" && typeof b === "number") return a - b;
    return order.compare(text(a), text(b));
  };

  class Grid {
    constructor(section) {
      this.table = section.querySelector("table");
      this.body = this.table.querySelector("tbody");
      this.status = section.querySelector("[role=status]");
      this.more = section.querySelector(".more");
      const data = JSON.parse(section.querySelector("script").textContent);
      this.all = data.rows.map((cells, place) => ({ cells, place, waived: (data.waived || [])[place] }));
      this.rows = this.all;
      this.search = section.querySelector("input");
      this.severity = section.querySelector("select");
      section.querySelector(".controls").hidden = false;
      this.heads = [...this.table.querySelectorAll("thead th")];
      this.heads.forEach((head, column) => this.sortable(head, column));
      this.search.addEventListener("input", () => this.filter());
      if (this.severity) this.severity.addEventListener("change", () => this.filter());
      this.more.addEventListener("click", () => this.draw(this.rows.length));
      new IntersectionObserver((seen) => {
        if (seen[0].isIntersecting && this.drawn < this.rows.length) this.draw(this.drawn + CHUNK);
      }, { rootMargin: "200px" }).observe(this.more);
      this.show();
    }

    sortable(head, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", () => {
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of this.heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        const empty = (cell) => cell === null || cell === "";
        this.all = [...this.all].sort((a, b) => {
          const [x, y] = [a.cells[column], b.cells[column]];
          const answer = compare(x, y);
          return (empty(x) || empty(y) ? answer : sign * answer) || a.place - b.place;
        });
        this.filter();
      });
    }

    filter() {
      const wanted = this.search.value.trim().toLocaleLowerCase();
      const level = this.severity ? this.severity.value : "";
      this.rows = this.all.filter(
        (row) =>
          (!level || row.cells[0] === level) &&
          (!wanted || row.cells.some((cell) => text(cell).toLocaleLowerCase().includes(wanted))),
      );
      this.show();
    }

    show() {
      this.body.replaceChildren();
      this.drawn = 0;
      this.status.textContent = `${this.rows.length.toLocaleString("en")} of ${this.all.length.toLocaleString("en")} shown`;
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
      const line = document.createElement("tr");
      if (row.waived) line.className = "waived";
      row.cells.forEach((value, column) => {
        const cell = document.createElement(column === 0 && !severities[value] ? "th" : "td");
        if (cell.tagName === "TH") cell.scope = "row";
        cell.textContent = text(value);
        if (severities[value] && column === 0) cell.className = value;
        line.append(cell);
      });
      return line;
    }
  }

  const grids = [...document.querySelectorAll("section[data-grid]")].map((section) => new Grid(section));
  const drawAll = () => grids.forEach((grid) => grid.draw(grid.rows.length));
  window.addEventListener("beforeprint", drawAll);
  window.matchMedia("print").addEventListener("change", (query) => query.matches && drawAll());
})();
