(function () {
  "use strict";
  /* The search for a case on every page: every word must occur in suite or name; window.PRONY is in data.js. */
  var LIMIT = 30;
  var input = document.getElementById("find"), list = document.getElementById("finds");
  if (!input || !list || !window.PRONY) return;
  var root = document.documentElement.getAttribute("data-root") || "";
  var cases = window.PRONY.cases.map(function (row) {
    return { suite: row[0], name: row[1], href: row[2], state: row[3], text: (row[0] + " " + row[1]).toLowerCase() };
  });
  var current = -1;
  input.parentNode.hidden = false;

  function line(text) {
    var item = document.createElement("p");
    item.textContent = text;
    list.appendChild(item);
  }

  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    current = -1;
    list.hidden = words.length === 0;
    if (!words.length) return;
    var found = cases.filter(function (item) {
      return words.every(function (word) { return item.text.indexOf(word) >= 0; });
    });
    found.slice(0, LIMIT).forEach(function (item) {
      var entry = document.createElement("li"), link = document.createElement("a"), suite = document.createElement("small");
      link.href = root + item.href;
      suite.textContent = item.suite;
      link.append(suite, item.name + (item.state === "bad" ? " ▲" : item.state === "good" ? " ▼" : ""));
      entry.appendChild(link);
      list.appendChild(entry);
    });
    if (!found.length) line("No such case");
    if (found.length > LIMIT) line("and " + (found.length - LIMIT) + " more");
  }

  function move(step) {
    var links = list.querySelectorAll("a");
    if (!links.length) return;
    if (current >= 0) links[current].classList.remove("current");
    current = (current + step + links.length) % links.length;
    links[current].classList.add("current");
    links[current].scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", show);
  input.addEventListener("focus", show);
  input.addEventListener("keydown", function (event) {
    var links = list.querySelectorAll("a");
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && links.length) links[current < 0 ? 0 : current].click();
    else if (event.key === "Escape") { input.value = ""; show(); input.blur(); }
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "/" || /^(input|textarea|select)$/i.test(event.target.tagName)) return;
    event.preventDefault();
    input.focus();
  });
  document.addEventListener("click", function (event) {
    if (!input.parentNode.contains(event.target)) list.hidden = true;
  });
})();
