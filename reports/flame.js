"use strict";
/* The interactive flame graph. The data is in #data: a tree of calls, four numbers a node (six and two more in a
 * difference). Everything is drawn on one canvas; only frames that can be seen are visited, so a hundred thousand are
 * no burden. The zoom is a range of weights: callers of what is zoomed to fill the width by themselves. */
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = id => document.getElementById(id);
  const canvas = element("canvas"), stage = element("stage"), tip = element("tip"), pen = canvas.getContext("2d");
  const ROW = matchMedia("(pointer: coarse)").matches ? 24 : 19, FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif";
  const THREAD = 2, difference = !!data.difference;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  /* ---- frames ---- */
  const frameCount = data.frames.length / 6;
  const field = (frame, at) => data.frames[6 * frame + at];
  const nameOf = frame => frame < 0 ? "all" : data.texts[field(frame, 0)] || "[unknown]";
  const objectOf = frame => frame < 0 ? "" : data.texts[field(frame, 1)];
  const classOf = frame => frame < 0 ? 6 : field(frame, 5);

  /* ---- numbers ---- */
  function digits(value) { const size = Math.abs(value); return size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2; }
  function scaled(value, step, units) {
    let unit = 0;
    while (Math.abs(value) >= step * 0.9995 && unit + 1 < units.length) { value /= step; unit++; }
    return (unit === 0 && Number.isInteger(value) ? String(value) : value.toFixed(digits(value))) + units[unit];
  }
  function amount(value) {
    if (value === 0) return "0";
    if (data.unit === "ns") return scaled(value, 1000, [" ns", " µs", " ms", " s"]);
    if (data.unit === "B") return scaled(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB"]);
    return (value < 1e5 ? String(value) : scaled(value, 1000, ["", "k", "M", "G", "T"])) + (data.unit ? " " + data.unit : "");
  }
  function percent(share) {
    const value = 100 * share;
    return (value !== 0 && Math.abs(value) < 0.095 ? value.toFixed(3) : value.toFixed(Math.abs(value) < 9.95 ? 2 : 1)) + " %";
  }
  const points = change => (change > 0 ? "+" : change < 0 ? "−" : "±") + Math.abs(100 * change).toFixed(2) + " points";

  /* ---- trees ----
   * Arrays by node; node 0 is the root; children of n are child[first[n]] .. child[first[n + 1] - 1]. self and count are
   * those of the shown side; in a difference self2, total2, ... are those of the baseline. */
  function growing() { return { parent: [0], frame: [-1], self: [0], count: [0], self2: [0], count2: [0], changed: [0], p: [1] }; }

  function readTree() {
    const tree = growing(), width = difference ? 8 : 4, list = data.nodes;
    tree.self[0] = data.root[0]; tree.count[0] = data.root[1];
    if (difference) { tree.self2[0] = data.root[2]; tree.count2[0] = data.root[3]; }
    for (let at = 0, node = 1; at < list.length; at += width, node++) {
      tree.parent.push(node - list[at]);
      tree.frame.push(list[at + 1]);
      tree.self.push(list[at + 2]); tree.count.push(list[at + 3]);
      tree.self2.push(difference ? list[at + 4] : 0); tree.count2.push(difference ? list[at + 5] : 0);
      tree.changed.push(difference ? list[at + 6] : 0); tree.p.push(difference ? list[at + 7] : 1);
    }
    return tree;
  }

  /* Sums up the tree and lists children. */
  function finish(tree) {
    const n = tree.parent.length;
    tree.size = n;
    tree.total = Float64Array.from(tree.self); tree.totalCount = Float64Array.from(tree.count);
    tree.total2 = Float64Array.from(tree.self2); tree.totalCount2 = Float64Array.from(tree.count2);
    tree.first = new Int32Array(n + 1); tree.child = new Int32Array(Math.max(0, n - 1)); tree.depth = new Int32Array(n);
    for (let node = n - 1; node > 0; node--) {
      const up = tree.parent[node];
      tree.total[up] += tree.total[node]; tree.totalCount[up] += tree.totalCount[node];
      tree.total2[up] += tree.total2[node]; tree.totalCount2[up] += tree.totalCount2[node];
    }
    for (let node = 1; node < n; node++) { tree.first[tree.parent[node] + 1]++; tree.depth[node] = tree.depth[tree.parent[node]] + 1; }
    for (let node = 0; node < n; node++) tree.first[node + 1] += tree.first[node];
    const next = Int32Array.from(tree.first);
    for (let node = 1; node < n; node++) tree.child[next[tree.parent[node]]++] = node;
    return tree;
  }

  /* The child of parent with that frame in a tree that grows; children are found in a map. */
  function grow(tree, known, parent, frame) {
    const key = parent * frameCount + frame;
    let node = known.get(key);
    if (node === undefined) {
      node = tree.parent.length;
      known.set(key, node);
      tree.parent.push(parent); tree.frame.push(frame);
      for (const name of ["self", "count", "self2", "count2", "changed"]) tree[name].push(0);
      tree.p.push(1);
    }
    return node;
  }

  /* thread: "all", "merged" or the node of one; callers: from the innermost frame outwards. */
  function derive(base, thread, callers) {
    if (thread === "all" && !callers) return base;
    const tree = growing(), known = new Map(), n = base.size, place = new Int32Array(n).fill(-1);
    const owner = new Int32Array(n), isThread = node => node > 0 && field(base.frame[node], 4) === THREAD;
    for (let node = 1; node < n; node++) owner[node] = base.parent[node] ? owner[base.parent[node]] : isThread(node) ? node : 0;
    const wanted = node => thread === "all" || thread === "merged" || owner[node] === thread;
    const merged = thread !== "all";
    place[0] = 0;
    for (let node = 0; node < n; node++) {
      if (!wanted(node) && node) continue;
      if (callers) {
        if (!base.self[node] && !base.count[node]) continue;
        let at = 0;
        for (let up = node; up; up = base.parent[up])
          if (!(merged && isThread(up))) at = grow(tree, known, at, base.frame[up]);
        if (node || thread === "all" || thread === "merged") { tree.self[at] += base.self[node]; tree.count[at] += base.count[node]; }
      } else {
        const up = node ? place[base.parent[node]] : 0;
        place[node] = node === 0 || (merged && isThread(node)) ? up : grow(tree, known, up, base.frame[node]);
        if (node || thread === "merged") { tree.self[place[node]] += base.self[node]; tree.count[place[node]] += base.count[node]; }
      }
    }
    return finish(tree);
  }

  /* Weight of each function over the whole tree, each stack once. Functions are told apart by name and object. */
  function functionSums(tree) {
    const numbers = new Int32Array(frameCount), seen = new Map(), flat = [], cumulative = [], places = [];
    for (let frame = 0; frame < frameCount; frame++) {
      const key = field(frame, 0) + "\n" + field(frame, 1);
      if (!seen.has(key)) { seen.set(key, flat.length); flat.push(0); cumulative.push(0); places.push(0); }
      numbers[frame] = seen.get(key);
    }
    const active = new Int32Array(flat.length), pending = [];
    for (let i = tree.first[0]; i < tree.first[1]; i++) pending.push(tree.child[i]);
    while (pending.length) {
      const node = pending.pop();
      if (node < 0) { active[numbers[tree.frame[~node]]]--; continue; }
      const number = numbers[tree.frame[node]];
      flat[number] += tree.self[node]; places[number]++;
      if (active[number]++ === 0) cumulative[number] += tree.total[node];
      pending.push(~node);
      for (let i = tree.first[node]; i < tree.first[node + 1]; i++) pending.push(tree.child[i]);
    }
    return { numbers, flat, cumulative, places };
  }

  /* ---- state ---- */
  const base = finish(readTree());
  const sums = functionSums(base);
  const whole = base.total[0] || 1, whole2 = base.total2[0] || 1;
  const state = { view: "callees", order: "heavy", direction: "icicle", thread: "all", side: 1, selected: 0, zoom: 0, search: null, group: -1 };
  let tree = base, from = 0, to = whole, x0 = new Float64Array(1), history = [], hover = -1, boxes = [], matches = null, moving = 0;

  /* What is drawn: the weight of the chosen side. */
  const shownTotal = node => state.side ? tree.total[node] : tree.total2[node];
  const share = node => tree.total[node] / whole, share2 = node => tree.total2[node] / whole2;

  function place() {
    x0 = new Float64Array(tree.size);
    const largest = node => difference ? Math.max(share(node), share2(node)) : tree.total[node];
    const compare = state.order === "name"
      ? (a, b) => nameOf(tree.frame[a]) < nameOf(tree.frame[b]) ? -1 : nameOf(tree.frame[a]) > nameOf(tree.frame[b]) ? 1 : a - b
      : (a, b) => largest(b) - largest(a) || a - b;
    for (let node = 0; node < tree.size; node++) {
      const begin = tree.first[node], end = tree.first[node + 1];
      if (end - begin > 1) tree.child.subarray(begin, end).sort(compare);
      let x = x0[node];
      for (let i = begin; i < end; i++) { x0[tree.child[i]] = x; x += shownTotal(tree.child[i]); }
    }
  }

  function rebuild() {
    const identity = path(state.selected).map(node => tree.frame[node]);
    tree = derive(base, state.thread, state.view === "callers");
    place();
    state.zoom = 0; history = []; from = 0; to = shownTotal(0) || 1;
    state.selected = follow(identity);
    find();
    layout();
  }

  function path(node) {
    const list = [];
    for (; node; node = tree.parent[node]) list.push(node);
    return list.reverse();
  }
  function follow(frames) {
    let node = 0;
    for (const frame of frames) {
      let below = 0;
      for (let i = tree.first[node]; i < tree.first[node + 1]; i++) if (tree.frame[tree.child[i]] === frame) below = tree.child[i];
      if (!below) return 0;
      node = below;
    }
    return node;
  }

  /* ---- colours ---- */
  let colours = {};
  const shades = new Map();
  function readColours() {
    const style = getComputedStyle(document.documentElement);
    colours = {};
    for (const name of ["card", "ink", "muted", "grid", "box-ink", "match", "match-ink", "neutral", "more", "less", "f0", "f1", "f2", "f3", "f4", "f5", "f6"])
      colours[name] = style.getPropertyValue("--" + name).trim();
    shades.clear();
  }
  function parts(colour) { return [1, 3, 5].map(at => parseInt(colour.substr(at, 2), 16)); }
  const mixed = new Map();
  function mix(a, b, t) {
    const key = a + b + t;
    let colour = mixed.get(key);
    if (!colour) {
      const p = parts(a), q = parts(b);
      colour = "#" + p.map((value, i) => Math.round(value + (q[i] - value) * t).toString(16).padStart(2, "0")).join("");
      if (mixed.size < 20000) mixed.set(key, colour);
    }
    return colour;
  }
  function hash(text) { let h = 7; for (let i = 0; i < text.length; i++) h = (h * 31 + text.charCodeAt(i)) | 0; return (h >>> 3) % 1000 / 1000; }

  /* Neighbours of one class differ a little, so that their borders show. */
  function classColour(frame) {
    let colour = shades.get(frame);
    if (!colour) {
      const fill = colours["f" + classOf(frame)];
      colour = mix(fill, colours["box-ink"], 0.1 * hash(nameOf(frame)));
      shades.set(frame, colour);
    }
    return colour;
  }
  let largestChange = 0;
  if (difference) for (let node = 1; node < base.size; node++) if (base.changed[node]) largestChange = Math.max(largestChange, Math.abs(base.total[node] / whole - base.total2[node] / whole2));
  function changeColour(node) {
    if (!node || !tree.changed[node]) return colours.neutral;
    const change = share(node) - share2(node);
    return mix(colours.neutral, change > 0 ? colours.more : colours.less, 0.25 + 0.75 * Math.pow(Math.abs(change) / (largestChange || 1), 0.6));
  }
  /* Dark or light text, whichever reads better on the fill (relative luminance as WCAG 2 defines it). */
  const inks = new Map();
  function inkOn(fill) {
    let ink = inks.get(fill);
    if (!ink) {
      const [r, g, b] = parts(fill).map(value => { const v = value / 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
      ink = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#15181d" : "#ffffff";
      inks.set(fill, ink);
    }
    return ink;
  }
  function colourOf(node) { return difference ? changeColour(node) : classColour(tree.frame[node]); }

  /* ---- search ---- */
  function find() {
    const output = element("matched"), field = element("search");
    field.classList.remove("bad");
    matches = null;
    output.textContent = "";
    let test = null;
    if (state.group >= 0) test = frame => classOf(frame) === state.group;
    if (state.search) {
      try {
        const expression = new RegExp(state.search, /[A-Z]/.test(state.search) ? "" : "i");
        test = frame => expression.test(nameOf(frame)) || (objectOf(frame) !== "" && expression.test(objectOf(frame)));
      } catch (error) {
        field.classList.add("bad");
        output.textContent = "not a regular expression";
        return;
      }
    }
    if (!test) return;
    const hits = new Uint8Array(frameCount), functions = new Set(), inside = new Uint8Array(tree.size);
    for (let frame = 0; frame < frameCount; frame++) if (test(frame)) hits[frame] = 1;
    matches = new Uint8Array(tree.size);
    let sum = 0, frames = 0;
    for (let node = 1; node < tree.size; node++) {
      matches[node] = hits[tree.frame[node]];
      inside[node] = inside[tree.parent[node]] | matches[node];
      if (!matches[node]) continue;
      frames++;
      functions.add(nameOf(tree.frame[node]));
      if (!inside[tree.parent[node]] && contains(node)) sum += shownTotal(node);
    }
    const all = shownTotal(state.zoom) || 1, zoomed = state.zoom ? " of the zoom" : "";
    output.innerHTML = "";
    const strong = document.createElement("b");
    /* A match around the zoom holds all of it. */
    const share = matches[state.zoom] || inside[state.zoom] ? 1 : sum / all;
    strong.textContent = percent(share) + zoomed;
    output.append(strong, ` in ${functions.size} function${functions.size === 1 ? "" : "s"}, ${frames} frame${frames === 1 ? "" : "s"}`);
  }
  /* Whether the node lies below what is zoomed to. */
  function contains(node) {
    if (!state.zoom) return true;
    const x = x0[node], begin = x0[state.zoom];
    return tree.depth[node] > tree.depth[state.zoom] && x >= begin && x < begin + shownTotal(state.zoom);
  }
  function step(direction) {
    if (!matches) return;
    const list = [];
    for (let node = 1; node < tree.size; node++) if (matches[node] && shownTotal(node) > 0) list.push(node);
    list.sort((a, b) => shownTotal(b) - shownTotal(a) || a - b);
    if (!list.length) return;
    const at = list.indexOf(state.selected);
    select(list[at < 0 ? (direction > 0 ? 0 : list.length - 1) : (at + direction + list.length) % list.length]);
  }

  /* ---- drawing ---- */
  const NARROW = 0.5;
  let width = 0, height = 0, contentHeight = 0;
  function layout(keep) {
    const content = deepest(0, shownTotal(0)) * ROW + 8, limit = Math.max(260, Math.min(innerHeight * 0.72, 900));
    height = printing || content <= limit ? Math.max(content, 120) : Math.floor(limit);
    stage.style.height = height + 2 + "px";
    width = stage.clientWidth;
    const scale = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.round(height * scale);
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    contentHeight = 0;
    settle(from, to);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    if (!keep) stage.scrollTop = state.direction === "flame" ? contentHeight : 0;
    draw();
  }

  /* Rows that a range of weights needs: those of frames that are wide enough to be drawn. */
  function deepest(begin, end) {
    const narrow = NARROW * (end - begin) / (stage.clientWidth || 1), pending = [0];
    let rows = 1;
    while (pending.length) {
      const node = pending.pop();
      rows = Math.max(rows, tree.depth[node] + 1);
      for (let i = tree.first[node]; i < tree.first[node + 1]; i++) {
        const child = tree.child[i], x = x0[child], w = shownTotal(child);
        if (w >= narrow && w > 0 && x < end && x + w > begin) pending.push(child);
      }
    }
    return rows;
  }
  /* The height to scroll in follows the zoom; the stage itself keeps its height, so that the page does not jump. */
  function settle(begin, end) {
    const before = contentHeight;
    contentHeight = Math.max(height, deepest(begin, end) * ROW + 8);
    element("spacer").style.height = contentHeight - height + "px";
    if (state.direction === "flame" && before) stage.scrollTop += contentHeight - before;
  }
  let printing = false;
  const top = depth => (state.direction === "flame" ? contentHeight - 4 - (depth + 1) * ROW : 4 + depth * ROW) - stage.scrollTop;

  const widths = new Map();
  function textWidth(text) {
    let known = widths.get(text);
    if (known === undefined) { known = pen.measureText(text).width; if (widths.size < 50000) widths.set(text, known); }
    return known;
  }
  function fit(text, room) {
    const full = textWidth(text);
    if (full <= room) return text;
    let length = Math.floor(text.length * room / full);
    while (length > 1 && pen.measureText(text.slice(0, length) + "…").width > room) length--;
    return length > 1 ? text.slice(0, length) + "…" : "";
  }
  const label = node => node ? nameOf(tree.frame[node]) : "all · " + amount(shownTotal(0));

  function box(node, x, w, y) {
    const dim = matches && !matches[node], around = state.zoom && tree.depth[node] < tree.depth[state.zoom];
    let fill = node ? colourOf(node) : colours.grid, ink = node ? inkOn(fill) : colours.ink;
    if (matches && matches[node] && state.group < 0) { fill = colours.match; ink = colours["match-ink"]; }
    if (around && !dim && !(matches && state.group < 0)) { fill = mix(fill, colours.card, 0.5); ink = colours.ink; }
    if (dim) { fill = mix(fill, colours.card, 0.68); ink = colours.muted; }
    if (node === hover) fill = mix(fill, ink, 0.14);
    pen.fillStyle = fill;
    pen.fillRect(x, y, w > 3 ? w - 1 : Math.max(w, 0.6), ROW - 1);
    if (w > 22) {
      const room = w - 9, text = fit(label(node), room);
      if (text) { pen.fillStyle = ink; pen.fillText(text, x + 4, y + ROW / 2 + 0.5); }
    }
    if (node === state.selected && node) { pen.strokeStyle = colours.ink; pen.lineWidth = 2; pen.strokeRect(x + 1, y + 1, Math.max(w - 3, 1), ROW - 3); }
  }

  /* Queues the children that are wide enough; runs of narrower ones become one grey box, so that their weight shows. */
  function visit(node, scale, pending) {
    const y = top(tree.depth[node] + 1), seen = y > -ROW && y < height;
    let begin = 0, end = -1;
    const flush = () => {
      if (seen && end > begin) { pen.fillStyle = colours.grid; pen.fillRect(begin, y, Math.max(end - begin, NARROW), ROW - 1); }
      end = -1;
    };
    for (let i = tree.first[node]; i < tree.first[node + 1]; i++) {
      const child = tree.child[i], x = (x0[child] - from) * scale, w = shownTotal(child) * scale;
      if (x >= width || x + w <= 0 || w === 0) continue;
      if (w >= NARROW) { flush(); pending.push(child); continue; }
      if (end < 0) begin = x;
      end = x + w;
    }
    flush();
  }

  function draw() {
    pen.clearRect(0, 0, width, height);
    pen.font = FONT;
    pen.textBaseline = "middle";
    boxes = [];
    const scale = width / (to - from || 1), pending = [0];
    while (pending.length) {
      const node = pending.pop(), begin = (x0[node] - from) * scale, end = begin + shownTotal(node) * scale;
      if (end <= 0 || begin >= width) continue;
      const y = top(tree.depth[node]);
      const x = Math.max(begin, 0), w = Math.min(end, width) - x;
      if (y > -ROW && y < height) {
        if (node !== state.selected) box(node, x, w, y);
        boxes.push(node, x, w, y);
      }
      const past = state.direction === "flame" ? y < -ROW : y > height;
      if (!past) visit(node, scale, pending);
    }
    for (let i = 0; i < boxes.length; i += 4) if (boxes[i] === state.selected) box(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
  }
  let queued = false;
  function redraw() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(() => { queued = false; draw(); });
  }

  /* ---- zoom ---- */
  function glide(begin, end) {
    settle(begin, end);
    const first = [from, to], started = performance.now(), mine = ++moving;
    if (calm.matches || document.hidden) { from = begin; to = end; redraw(); return; }
    function frame(now) {
      if (mine !== moving) return;
      const t = Math.min(1, (now - started) / 160), eased = 1 - Math.pow(1 - t, 3);
      from = first[0] + (begin - first[0]) * eased;
      to = first[1] + (end - first[1]) * eased;
      draw();
      if (t < 1) requestAnimationFrame(frame);
    }
    requestAnimationFrame(frame);
  }
  function zoom(node, silent) {
    if (!silent && node !== state.zoom) history.push(state.zoom);
    state.zoom = node;
    state.selected = node;
    glide(x0[node], x0[node] + (shownTotal(node) || whole));
    find();
    reveal(node);
    showPath();
    showStatus();
  }
  function reveal(node) {
    const y = top(tree.depth[node]);
    if (y < 0) stage.scrollTop += y - ROW;
    else if (y + ROW > height) stage.scrollTop += y + 2 * ROW - height;
  }
  function select(node) {
    state.selected = node;
    /* A node outside the zoom brings the zoom out to where it can be seen. */
    const begin = x0[node], end = begin + shownTotal(node);
    if (end <= from || begin >= to || (end - begin) / (to - from) * width < 3) {
      let around = tree.parent[node];
      while (around && (x0[around] > begin || shownTotal(node) / shownTotal(around) * width < 3)) around = tree.parent[around];
      if (around !== state.zoom) zoom(shownTotal(node) / shownTotal(around) * width < 3 ? node : around);
      state.selected = node;
    }
    reveal(node);
    showStatus();
    redraw();
  }

  /* ---- words ---- */
  function showPath() {
    const nav = element("path"), list = [0].concat(path(state.zoom));
    nav.textContent = "";
    if (!state.zoom) { nav.textContent = "Click a frame to zoom."; return; }
    /* Long paths are cut in the middle. */
    const shown = list.length > 8 ? list.slice(0, 2).concat([-1], list.slice(-5)) : list;
    shown.forEach((node, i) => {
      if (i) nav.append("›");
      if (node < 0) { nav.append("…"); return; }
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = node ? nameOf(tree.frame[node]) : "all";
      if (node === state.zoom) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => zoom(node));
      nav.append(button);
    });
  }
  function showStatus() {
    const node = state.selected, line = element("status");
    line.textContent = "";
    if (!node) return;
    const name = document.createElement("b");
    name.textContent = nameOf(tree.frame[node]);
    line.append(name, (objectOf(tree.frame[node]) ? " [" + objectOf(tree.frame[node]) + "]" : "") + ": " + (difference
      ? percent(share2(node)) + " before, " + percent(share(node)) + " after: " + verdict(node)
      : amount(tree.total[node]) + ", " + percent(share(node)) + "; itself " + amount(tree.self[node]) + ", " + percent(tree.self[node] / whole)));
  }
  function verdict(node) {
    if (!data.counted) return points(share(node) - share2(node)) + ", significance not known";
    if (!tree.changed[node]) return "no significant change";
    return points(share(node) - share2(node)) + (tree.total2[node] ? tree.total[node] ? "" : ", vanished" : ", new");
  }
  function row(table, cells, head) {
    const line = table.insertRow();
    cells.forEach((text, i) => { const cell = document.createElement(i === 0 || head ? "th" : "td"); cell.textContent = text; line.append(cell); });
  }
  function showTip(node, x, y) {
    if (node < 0) { tip.hidden = true; return; }
    tip.textContent = "";
    const frame = tree.frame[node], name = document.createElement("div"), where = document.createElement("div"), table = document.createElement("table");
    name.className = "name"; where.className = "where";
    name.textContent = node ? nameOf(frame) : "all";
    if (node) {
      const file = data.texts[field(frame, 2)], line = field(frame, 3), kind = ["", "operating system", "thread", "inlined", ""][field(frame, 4)];
      where.textContent = [objectOf(frame), file ? file + (line ? ":" + line : "") : "", kind].filter(Boolean).join(" · ");
    }
    tip.append(name, where, table);
    if (difference) {
      row(table, ["", "baseline", "candidate"], true);
      row(table, ["share", percent(share2(node)), percent(share(node))]);
      row(table, ["itself", percent(tree.self2[node] / whole2), percent(tree.self[node] / whole)]);
      row(table, ["weight", amount(tree.total2[node]), amount(tree.total[node])]);
      if (data.counted) row(table, ["samples", tree.totalCount2[node], tree.totalCount[node]]);
      const word = document.createElement("p");
      word.textContent = node ? verdict(node) + (data.counted ? " (p = " + tree.p[node].toPrecision(2) + ")" : "") : "";
      tip.append(word);
    } else {
      row(table, ["with callees", amount(tree.total[node]), percent(share(node))]);
      row(table, ["itself", amount(tree.self[node]), percent(tree.self[node] / whole)]);
      if (state.zoom) row(table, ["of the zoom", "", percent(tree.total[node] / tree.total[state.zoom])]);
      if (data.unit !== "samples" && tree.totalCount[node]) row(table, ["samples", String(tree.totalCount[node]), ""]);
      if (node && field(frame, 4) !== THREAD) {
        const number = sums.numbers[frame];
        if (sums.places[number] > 1) {
          const word = document.createElement("p");
          word.textContent = `The function over all ${sums.places[number]} places: flat ${percent(sums.flat[number] / whole)}, cumulative ${percent(sums.cumulative[number] / whole)}`;
          tip.append(word);
        }
      }
    }
    tip.hidden = false;
    const size = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - size.width - 8)) + "px";
    tip.style.top = (y + 18 + size.height > innerHeight ? Math.max(4, y - size.height - 12) : y + 18) + "px";
  }

  /* ---- pointer ---- */
  function at(event) {
    const area = canvas.getBoundingClientRect(), x = event.clientX - area.left, y = event.clientY - area.top;
    for (let i = boxes.length - 4; i >= 0; i -= 4)
      if (x >= boxes[i + 1] && x < boxes[i + 1] + Math.max(boxes[i + 2], 1) && y >= boxes[i + 3] && y < boxes[i + 3] + ROW) return boxes[i];
    return -1;
  }
  canvas.addEventListener("mousemove", event => {
    const node = at(event);
    canvas.classList.toggle("over", node >= 0);
    if (node !== hover) { hover = node; redraw(); }
    showTip(node, event.clientX, event.clientY);
  });
  canvas.addEventListener("mouseleave", () => { hover = -1; tip.hidden = true; redraw(); });
  canvas.addEventListener("click", event => { const node = at(event); if (node >= 0 && event.detail < 2) zoom(node); });
  canvas.addEventListener("dblclick", () => { if (state.zoom) zoom(0); });
  canvas.addEventListener("wheel", event => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      moving++;
      const pointer = (event.clientX - canvas.getBoundingClientRect().left) / width, range = to - from, all = shownTotal(0);
      const wider = Math.min(all, Math.max(all / 1e6, range * Math.exp(event.deltaY * 0.003)));
      from = Math.max(0, Math.min(all - wider, from + (range - wider) * pointer));
      to = from + wider;
      settle(from, to);
      redraw();
    } else if (event.deltaX || event.shiftKey) {
      const all = shownTotal(0), range = to - from, move = (event.deltaX || event.deltaY) / width * range;
      if (range >= all) return;
      event.preventDefault();
      moving++;
      from = Math.max(0, Math.min(all - range, from + move));
      to = from + range;
      redraw();
    }
  }, { passive: false });
  stage.addEventListener("scroll", redraw);

  /* ---- keys ---- */
  function neighbour(node, direction) {
    const up = tree.parent[node];
    for (let i = tree.first[up]; i < tree.first[up + 1]; i++)
      if (tree.child[i] === node) { const next = i + direction; return next >= tree.first[up] && next < tree.first[up + 1] && shownTotal(tree.child[next]) > 0 ? tree.child[next] : node; }
    return node;
  }
  function inward(node) {
    let best = node;
    for (let i = tree.first[node]; i < tree.first[node + 1]; i++)
      if (shownTotal(tree.child[i]) > 0 && (best === node || shownTotal(tree.child[i]) > shownTotal(best))) best = tree.child[i];
    return best;
  }
  function press(group, value) {
    for (const button of element(group).querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.value === String(value)));
  }
  function choose(group, value) {
    if (group === "side") { state.side = Number(value); const z = state.zoom, s = state.selected; place(); state.zoom = z; state.selected = s; from = x0[z]; to = x0[z] + (shownTotal(z) || whole); find(); layout(true); }
    else if (group === "order") { state.order = value; place(); from = x0[state.zoom]; to = from + (shownTotal(state.zoom) || whole); redraw(); }
    else if (group === "direction") { state.direction = value; layout(); }
    else { state.view = value; rebuild(); showPath(); showStatus(); }
    press(group, value);
  }
  function escape() {
    if (state.zoom) zoom(0);
    else if (state.search || state.group >= 0) { element("search").value = ""; state.search = null; group(-1); }
    else { state.selected = 0; showStatus(); redraw(); }
  }
  const keys = {
    ArrowLeft: () => select(neighbour(state.selected, -1)),
    ArrowRight: () => select(neighbour(state.selected, 1)),
    ArrowDown: () => select(state.direction === "icicle" ? inward(state.selected) : tree.parent[state.selected]),
    ArrowUp: () => select(state.direction === "icicle" ? tree.parent[state.selected] : inward(state.selected)),
    Enter: () => zoom(state.selected),
    Escape: escape,
    Backspace: () => { if (history.length) zoom(history.pop(), true); },
    "/": () => element("search").focus(),
    n: () => step(1),
    N: () => step(-1),
    i: () => choose("direction", state.direction === "icicle" ? "flame" : "icicle"),
    o: () => choose("order", state.order === "heavy" ? "name" : "heavy"),
    v: () => { if (!difference) choose("view", state.view === "callees" ? "callers" : "callees"); },
    b: () => { if (difference) choose("side", state.side ? 0 : 1); }
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = element("search");
    if (event.target === field) {
      if (event.key === "Escape") { field.value = ""; search(); canvas.focus(); event.preventDefault(); }
      if (event.key === "Enter") { step(event.shiftKey ? -1 : 1); event.preventDefault(); }
      return;
    }
    if (event.target.closest("button, select, summary, a") && (event.key === "Enter" || event.key.startsWith("Arrow"))) return;
    const action = Object.prototype.hasOwnProperty.call(keys, event.key) ? keys[event.key] : null;
    if (action) { event.preventDefault(); tip.hidden = true; action(); }
  });

  /* ---- the tools ---- */
  function search() {
    state.search = element("search").value || null;
    if (state.search && state.group >= 0) { group(-1); return; }
    find();
    redraw();
  }
  element("search").addEventListener("input", search);
  for (const group of ["view", "side", "order", "direction"])
    element(group).addEventListener("click", event => { const button = event.target.closest("button"); if (button) choose(group, button.dataset.value); });

  function group(number) {
    state.group = number;
    if (number >= 0) { element("search").value = ""; state.search = null; }
    for (const button of document.querySelectorAll(".legend button")) button.setAttribute("aria-pressed", String(Number(button.dataset.value) === number));
    find();
    redraw();
  }
  function legendOfClasses() {
    const weights = data.classes.map(() => 0);
    for (let node = 1; node < base.size; node++) weights[classOf(base.frame[node])] += base.self[node];
    data.classes.forEach((name, number) => {
      if (!weights[number]) return;
      const item = document.createElement("li"), button = document.createElement("button"), mark = document.createElement("i"), part = document.createElement("small");
      button.type = "button";
      button.dataset.value = number;
      button.title = "weight in these functions themselves; click to show where";
      button.setAttribute("aria-pressed", "false");
      mark.style.background = `var(--f${number})`;
      part.textContent = percent(weights[number] / whole);
      button.append(mark, name, part);
      button.addEventListener("click", () => group(state.group === number ? -1 : number));
      item.append(button);
      element("legend").append(item);
    });
  }
  function legendOfChanges() {
    for (const [name, colour] of [["larger share", "more"], ["smaller share", "less"], [data.counted ? "no significant change" : "significance not known: no sample counts", "neutral"]]) {
      const item = document.createElement("li"), text = document.createElement("span"), mark = document.createElement("i");
      mark.style.background = `var(--${colour})`;
      text.append(mark, name);
      item.append(text);
      element("legend").append(item);
    }
  }
  function threadMenu() {
    const list = [];
    for (let i = base.first[0]; i < base.first[1]; i++) if (field(base.frame[base.child[i]], 4) === THREAD) list.push(base.child[i]);
    if (list.length < 1 || difference) return;
    const menu = element("threads"), add = (value, text) => menu.append(new Option(text, value));
    list.sort((a, b) => base.total[b] - base.total[a]);
    add("all", list.length === 1 ? "1 thread" : `All ${list.length} threads`);
    add("merged", list.length === 1 ? "Without the thread" : "All threads as one");
    for (const node of list) add(String(node), `${nameOf(base.frame[node])} · ${percent(base.total[node] / whole)}`);
    menu.hidden = list.length < 2;
    menu.addEventListener("change", () => {
      state.thread = menu.value === "all" || menu.value === "merged" ? menu.value : Number(menu.value);
      rebuild(); showPath(); showStatus();
    });
  }
  /* Names of functions in the table below search for themselves. */
  function tableButtons() {
    for (const cell of document.querySelectorAll("table.functions tbody th")) {
      const button = document.createElement("button"), name = cell.textContent;
      button.type = "button";
      button.textContent = name;
      button.title = name;
      cell.textContent = "";
      cell.append(button);
      button.addEventListener("click", () => {
        element("search").value = "^" + name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$";
        search();
        step(1);
        element("app").scrollIntoView({ block: "start" });
      });
    }
  }

  element("app").hidden = false;
  element("view").hidden = difference;
  element("side").hidden = !difference;
  for (const [name, value] of [["view", state.view], ["side", state.side], ["order", state.order], ["direction", state.direction]]) press(name, value);
  readColours();
  threadMenu();
  if (difference) legendOfChanges(); else legendOfClasses();
  tableButtons();
  place();
  showPath();
  layout();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
  addEventListener("resize", () => layout(true));
  addEventListener("beforeprint", () => { printing = true; layout(); });
  addEventListener("afterprint", () => { printing = false; layout(); });
})();
