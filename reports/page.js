(function () {
  "use strict";
  /* Sorting: a click on a column's head; numbers by data-v, anything else by its text. Absent values stay last. */
  function sortTable(table, column, head) {
    var ascending = head.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("thead th").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    var body = table.tBodies[0];
    function key(row) {
      var cell = row.cells[column];
      return cell.hasAttribute("data-v") ? parseFloat(cell.getAttribute("data-v")) : cell.textContent;
    }
    Array.from(body.rows).map(function (row) { return { row: row, key: key(row) }; }).sort(function (a, b) {
      var numbers = (typeof a.key === "number") - (typeof b.key === "number");
      if (numbers) return -numbers;
      var order = typeof a.key === "number" ? a.key - b.key : a.key.localeCompare(b.key, "en", { numeric: true });
      return ascending ? order : -order;
    }).forEach(function (item) { body.appendChild(item.row); });
  }
  document.querySelectorAll(".group table").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      if (head.classList.contains("bar")) return;
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.title = "sort";
      head.replaceChildren(button);
      button.addEventListener("click", function () { sortTable(table, column, head); });
    });
  });

  /* The link to an interactive flame graph unfolds it. */
  document.querySelectorAll('a[href^="#flame-"]').forEach(function (link) {
    link.addEventListener("click", function () {
      var details = document.getElementById(link.getAttribute("href").slice(1));
      if (details) details.open = true;
    });
  });

  /* Paper cannot be unfolded; what is for the mouse stays folded. */
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not(.flame-page)").forEach(function (details) { details.open = true; });
  });

  /* Searching: every word must occur in the group's title or the row. */
  var input = document.getElementById("search");
  if (!input) return;
  var found = document.getElementById("found");
  var groups = Array.from(document.querySelectorAll("#cases .group")).map(function (group) {
    var title = group.querySelector("h3").textContent;
    return { element: group, rows: Array.from(group.querySelectorAll("tbody tr")).map(function (row) {
      return { element: row, text: (title + " " + row.textContent).toLowerCase() };
    }) };
  });
  input.parentNode.hidden = false;
  input.addEventListener("input", function () {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0, all = 0;
    groups.forEach(function (group) {
      var here = 0;
      group.rows.forEach(function (row) {
        var match = words.every(function (word) { return row.text.indexOf(word) >= 0; });
        row.element.hidden = !match;
        here += match ? 1 : 0;
      });
      group.element.hidden = here === 0;
      shown += here;
      all += group.rows.length;
    });
    found.textContent = words.length ? shown + " of " + all : "";
  });
})();
