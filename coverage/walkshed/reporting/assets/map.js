/* Layers, markers and panels of Walkshed's maps. Needs Leaflet (L) when its functions are called, not when it loads.
   Names and other texts from data reach the page as text nodes only, never as HTML. */
(function () {
  "use strict";
  var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
  var CODE = {};
  for (var c = 0; c < ALPHABET.length; c++) CODE[ALPHABET[c]] = c;

  var W = (window.walkshed = { layers: {}, pending: 0 });
  W.ready = function () { return W.pending === 0; };

  /* The text of encode.py as features: {kind, at} with Leaflet's nesting of [lat, lon]. */
  W.decode = function (text, scale) {
    var at = 0, x = 0, y = 0, features = [];
    function number() {
      var folded = 0, weight = 1, code;
      do {
        code = CODE[text[at++]];
        folded += (code & 31) * weight;
        weight *= 32;
      } while (code & 32);
      return folded % 2 ? -(folded + 1) / 2 : folded / 2;
    }
    function vertex() {
      x += number();
      y += number();
      return [y / scale, x / scale];
    }
    function several(read) {
      for (var many = number(), out = []; many > 0; many--) out.push(read());
      return out;
    }
    function line() { return several(vertex); }
    function rings() { return several(line); }
    while (at < text.length) {
      var kind = number();
      features.push({ kind: kind, at: kind === 1 ? vertex() : kind === 2 ? several(line) : kind === 3 ? several(rings) : null });
    }
    return features;
  };

  function element(tag, name, text) {
    var made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined && text !== null) { made.textContent = text; made.dir = "auto"; }
    return made;
  }

  /* A name and rows of [label, text] as one element. */
  function details(name, rows, kind) {
    var box = element("div", kind);
    if (name) box.appendChild(element("div", "walkshed-name", name));
    var table = element("table");
    rows.forEach(function (row) {
      var line = table.insertRow();
      line.appendChild(element("td", "", row[0]));
      line.appendChild(element("td", "", row[1]));
    });
    if (rows.length) box.appendChild(table);
    return box;
  }

  function pane(map, name, z, interactive) {
    if (!map.getPane(name)) {
      var made = map.createPane(name);
      made.style.zIndex = z;
      made.style.pointerEvents = interactive ? "auto" : "none";
    }
  }

  /* Many features on one canvas. o: {id, z, style, classes, interactive, radius, columns}; source: payload or a promise of it.
     payload: {scale, geometry, classes, names, columns: [{label, unit, values, texts, decimals}]} */
  W.compact = function (o, source) {
    var layer = L.featureGroup(), name = "walkshed-" + o.id, shapes = null, codes = o.codes || null, data = null, renderer = null;

    function look(code) { return L.extend({}, o.style, o.classes ? o.classes[code] : null); }
    function tip(shape) {
      var i = shape.walkshedIndex, rows = [];
      (data.columns || []).forEach(function (column) {
        var value = column.values[i];
        if (value === null || value === undefined || value === "") return;
        var digits = { minimumFractionDigits: column.decimals || 0, maximumFractionDigits: column.decimals || 0 };
        var shown = column.texts ? column.texts[value] : typeof value === "number" ? value.toLocaleString("en-US", digits) : value;
        if (shown !== "") rows.push([column.label, shown + (column.unit ? " " + column.unit : "")]);
      });
      return details(data.names ? data.names[i] : "", rows, "walkshed-tip");
    }
    function build(payload) {
      data = payload;
      codes = codes || payload.classes || null;
      var looks = (o.classes || [null]).map(function (_, code) { return look(code); });
      shapes = [];
      W.decode(payload.geometry, payload.scale).forEach(function (feature, i) {
        var code = codes ? codes.charCodeAt(i) - 48 : 0;
        var style = L.extend({ renderer: renderer, pane: name, interactive: !!o.interactive }, looks[code]);
        var shape =
          feature.kind === 1 ? L.circleMarker(feature.at, L.extend({ radius: o.radius || 3 }, style)) :
          feature.kind === 2 ? L.polyline(feature.at, L.extend(style, { fill: false })) :
          feature.kind === 3 ? L.polygon(feature.at, style) : null;
        if (shape) {
          shape.walkshedIndex = i;
          shape.walkshedCode = code;
          layer.addLayer(shape);
        }
        shapes.push(shape);
      });
      if (o.interactive) {
        layer.bindTooltip(tip, { sticky: true, className: "walkshed-tip" });
        layer.on("mouseover", function (e) { if (e.layer) e.layer.setStyle({ weight: 2.5, color: "#22313F" }); });
        layer.on("mouseout", function (e) { if (e.layer) e.layer.setStyle(look(e.layer.walkshedCode)); });
      }
    }
    /* Give every feature another class: text of one digit each. */
    layer.paint = function (text) {
      codes = text;
      if (!shapes) return;
      shapes.forEach(function (shape, i) {
        if (!shape || shape.walkshedCode === text.charCodeAt(i) - 48) return;
        shape.walkshedCode = text.charCodeAt(i) - 48;
        shape.setStyle(look(shape.walkshedCode));
      });
    };
    layer.drawn = function () { return shapes ? shapes.filter(Boolean).length : 0; };
    layer.onAdd = function (map) {
      pane(map, name, o.z, o.interactive);
      renderer = renderer || L.canvas({ pane: name, padding: 0.3, tolerance: 2 });
      if (!data && source) {
        var given = source;
        source = null;
        if (typeof given.then === "function") {
          W.pending++;
          given.then(build).finally(function () { W.pending--; });
        } else build(given);
      }
      L.FeatureGroup.prototype.onAdd.call(layer, map);
    };
    W.layers[o.id] = layer;
    return layer;
  };

  W.paint = function (id, codes) { if (W.layers[id]) W.layers[id].paint(codes); };

  /* Signs with labels. o: {id, signs: {name: {svg, width, height, anchor: [x, y]}}, items: [{at, sign, number, tag, plate, color,
     rank, group, name, rows}]} */
  W.markers = function (o) {
    var layer = L.featureGroup();
    o.items.forEach(function (item) {
      var sign = o.signs[item.sign], box = element("div", "walkshed-icon"), symbol = element("div", "walkshed-symbol");
      box.style.width = sign.width + "px";
      box.style.height = sign.height + "px";
      symbol.innerHTML = sign.svg;
      if (item.number) {
        var figure = symbol.querySelector("text");
        if (figure) figure.textContent = item.number;
      }
      box.appendChild(symbol);
      if (item.name) box.setAttribute("aria-label", item.name.slice(0, 80));
      if (item.tag) {
        var tag = element("div", "walkshed-tag" + (item.plate ? " walkshed-plate" : item.small ? " walkshed-small" : ""), item.tag);
        tag.style.color = item.color;
        tag.dataset.rank = item.rank;
        if (item.group) tag.dataset.group = item.group;
        box.appendChild(tag);
      }
      var marker = L.marker(item.at, {
        icon: L.divIcon({ className: "", html: box, iconSize: [sign.width, sign.height], iconAnchor: sign.anchor }),
        keyboard: true, zIndexOffset: 1000 - 10 * item.rank, riseOnHover: true
      });
      if (item.name || item.rows.length) {
        marker.bindPopup(function () { return details(item.name, item.rows, "walkshed-tip walkshed-popup"); }, { maxWidth: 320 });
        marker.bindTooltip(function () { return details(item.name, item.rows.slice(0, 3), "walkshed-tip"); }, {
          direction: "top", offset: [0, -sign.anchor[1] - 2], className: "walkshed-tip"
        });
      }
      layer.addLayer(marker);
    });
    layer.drawn = function () { return o.items.length; };
    W.layers[o.id] = layer;
    return layer;
  };

  var MOST_OF_A_GROUP = 12;

  /* Put every label where it covers nothing, those of low rank first; hide what finds no place, is out of sight, or is one
     too many of its group. */
  function declutter(map) {
    var root = map.getContainer(), frame = root.getBoundingClientRect(), taken = [], shown = {};
    function hits(a, b) { return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]; }
    function rectangle(node) {
      var r = node.getBoundingClientRect();
      return [r.left - frame.left, r.top - frame.top, r.right - frame.left, r.bottom - frame.top];
    }
    root.querySelectorAll(".walkshed-symbol, .leaflet-control").forEach(function (node) { taken.push(rectangle(node)); });
    var tags = Array.prototype.slice.call(root.querySelectorAll(".walkshed-tag"));
    tags.sort(function (a, b) { return a.dataset.rank - b.dataset.rank; });
    tags.forEach(function (tag) {
      var home = rectangle(tag.parentNode), w = tag.offsetWidth, h = tag.offsetHeight;
      var width = home[2] - home[0], height = home[3] - home[1];
      var group = tag.dataset.group, places = [], found = null;
      if (hits(home, [0, 0, frame.width, frame.height]) && !(group && shown[group] >= MOST_OF_A_GROUP)) {
        [0, 14].forEach(function (off) {
          var right = width + 3 + off, left = -w - 3 - off, above = -h - 1 - off, below = height + 1 + off;
          places.push(
            [right, (height - h) / 2], [left, (height - h) / 2], [(width - w) / 2, above], [(width - w) / 2, below],
            [right - 3, above + 5], [left + 3, above + 5], [right - 3, below - 5], [left + 3, below - 5]
          );
        });
        found = places.find(function (place) {
          var left = home[0] + place[0], top = home[1] + place[1], mine = [left, top, left + w, top + h];
          return !taken.some(function (other) { return hits(mine, other); });
        });
      }
      tag.classList.toggle("walkshed-hidden", !found);
      if (!found) return;
      if (group) shown[group] = (shown[group] || 0) + 1;
      tag.style.left = found[0] + "px";
      tag.style.top = found[1] + "px";
      taken.push([home[0] + found[0] - 2, home[1] + found[1], home[0] + found[0] + w + 2, home[1] + found[1] + h]);
    });
  }

  /* Background, attribution, scale bar, titles of the buttons, labels that do not collide. */
  W.dress = function (map, o) {
    map.getContainer().classList.add("walkshed-map");
    map.getContainer().lang = o.language;
    if (map.attributionControl) {
      map.attributionControl.setPrefix("");
      map.attributionControl.addAttribution(o.attribution);
    }
    L.control.scale({ imperial: false, metric: true, maxWidth: 140, position: "bottomleft" }).addTo(map);
    if (map.zoomControl) {
      map.zoomControl.setPosition(o.zoom_position);
      [["_zoomInButton", o.zoom_in], ["_zoomOutButton", o.zoom_out]].forEach(function (pair) {
        var button = map.zoomControl[pair[0]];
        if (button) { button.title = pair[1]; button.setAttribute("aria-label", pair[1]); }
      });
    }
    var waiting = 0, asked = 0;
    /* Every home is a layer: thousands ask at once, and a timer for each would take longer than the work. */
    function soon() {
      asked++;
      if (!waiting) waiting = setTimeout(look, 30, asked);
    }
    function look(before) {
      waiting = before === asked ? 0 : setTimeout(look, 30, asked);
      if (!waiting && map._loaded) declutter(map);
    }
    map.on("zoomend moveend layeradd layerremove resize", soon);
    soon();
  };

  function card(map, o, kind) {
    var control = L.control({ position: o.position });
    control.onAdd = function () {
      var box = element("details", "walkshed-card " + kind), head = element("summary");
      head.appendChild(element("span", "walkshed-clamp", o.title));
      box.appendChild(head);
      box.open = true;
      var body = element("div", "walkshed-body");
      box.appendChild(body);
      o.fill(body, box);
      function fit() { body.style.maxHeight = Math.max(120, map.getSize().y - (o.spare || 130)) + "px"; }
      map.on("resize", fit);
      fit();
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    return control.addTo(map);
  }

  /* Title and key figures. o: {position, title, subtitle, figures: [{value, label, detail, color}], notes_title, notes, footer} */
  W.panel = function (map, o) {
    return card(map, L.extend({}, o, {
      spare: 150,
      fill: function (body) {
        if (o.subtitle) body.appendChild(element("div", "walkshed-subtitle", o.subtitle));
        o.figures.forEach(function (figure) {
          var box = element("div", "walkshed-figure"), value = element("div", "walkshed-value", figure.value);
          value.style.color = figure.color;
          box.appendChild(value);
          box.appendChild(element("div", "walkshed-label", figure.label));
          if (figure.detail) box.appendChild(element("div", "walkshed-detail", figure.detail));
          body.appendChild(box);
        });
        if (o.notes.length) {
          var notes = element("details", "walkshed-notes"), list = element("ul");
          notes.appendChild(element("summary", "", o.notes_title));
          o.notes.forEach(function (note) { list.appendChild(element("li", "", note)); });
          notes.appendChild(list);
          body.appendChild(notes);
        }
        if (o.footer) body.appendChild(element("div", "walkshed-footer", o.footer));
      }
    }), "walkshed-panel");
  };

  /* Legend and layer switch in one. o: {position, title, groups: [{text, rows: [{key, text}]}]}; layers: one per group or null */
  W.legend = function (map, o, layers) {
    return card(map, L.extend({}, o, {
      spare: map.getContainer().querySelector(".walkshed-search") ? 170 : 110,
      fill: function (body) {
        o.groups.forEach(function (group, i) {
          var layer = layers[i], box = element("div", "walkshed-group"), line = element(layer ? "label" : "div");
          if (layer) {
            var tick = element("input");
            tick.type = "checkbox";
            tick.checked = map.hasLayer(layer);
            tick.addEventListener("change", function () {
              if (tick.checked) map.addLayer(layer); else map.removeLayer(layer);
              box.classList.toggle("walkshed-off", !tick.checked);
            });
            line.appendChild(tick);
          }
          line.appendChild(element("span", "", group.text));
          box.appendChild(line);
          group.rows.forEach(function (row) {
            var item = element("div", "walkshed-row"), key = element("span", "walkshed-key");
            key.innerHTML = row.key;
            item.appendChild(key);
            item.appendChild(element("span", "", row.text));
            box.appendChild(item);
          });
          body.appendChild(box);
        });
      }
    }), "walkshed-legend");
  };

  /* A box to find a room, gap, unit or address by name. o: {position, label, none, entries: [{name, kind, bounds}]} */
  W.search = function (map, o) {
    var control = L.control({ position: o.position });
    control.onAdd = function () {
      var box = element("div", "walkshed-card walkshed-search"), field = element("input"), list = element("ul");
      field.type = "search";
      field.placeholder = o.label;
      field.setAttribute("aria-label", o.label);
      field.autocomplete = "off";
      list.hidden = true;
      function show(entry) {
        map.flyToBounds(entry.bounds, { maxZoom: 17, padding: [60, 60], duration: 0.4 });
        var mark = L.rectangle(L.latLngBounds(entry.bounds).pad(0.15), { color: "#B7791F", weight: 3, fill: false, interactive: false });
        mark.addTo(map);
        setTimeout(function () { mark.remove(); }, 4000);
        list.hidden = true;
      }
      function look() {
        var asked = field.value.trim().toLocaleLowerCase();
        list.textContent = "";
        list.hidden = !asked;
        if (!asked) return;
        var found = o.entries.filter(function (entry) { return entry.name.toLocaleLowerCase().indexOf(asked) >= 0; }).slice(0, 12);
        found.forEach(function (entry) {
          var line = element("li"), hit = element("button");
          hit.type = "button";
          hit.appendChild(element("span", "walkshed-name", entry.name));
          hit.appendChild(element("span", "walkshed-detail", entry.kind));
          hit.addEventListener("click", function () { show(entry); });
          line.appendChild(hit);
          list.appendChild(line);
        });
        if (!found.length) list.appendChild(element("li", "walkshed-detail", o.none));
      }
      field.addEventListener("input", look);
      field.addEventListener("keydown", function (event) {
        if (event.key === "Enter") { var first = list.querySelector("button"); if (first) first.click(); }
        if (event.key === "Escape") { field.value = ""; look(); }
      });
      box.appendChild(field);
      box.appendChild(list);
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      return box;
    };
    return control.addTo(map);
  };

  /* Show an area between the panels; where the map is narrow, behind them. o: {bounds, reserve} */
  W.fit = function (map, o) {
    var size = map.getSize(), root = map.getContainer(), sides = [20, 20];
    if (size.x > 700) {
      ["walkshed-panel", "walkshed-legend"].forEach(function (kind, i) {
        var corner = [".leaflet-left", ".leaflet-right"][i], box = root.querySelector(corner + " .walkshed-card"), wide = 0;
        if (box) wide = box.offsetWidth;
        else if (o.reserve) {
          box = root.querySelector(corner).appendChild(element("div", "walkshed-card " + kind));
          wide = i ? parseFloat(getComputedStyle(box).maxWidth) : box.offsetWidth;
          box.remove();
        }
        if (wide) sides[i] = wide + 28;
      });
    }
    /* Room below nothing has no scale: a map that is being folded out would end in "Invalid LatLng object: (NaN, NaN)". */
    var tall = size.y > 96, wide = size.x > sides[0] + sides[1];
    map.fitBounds(o.bounds, {
      paddingTopLeft: [wide ? sides[0] : 0, tall ? 20 : 0], paddingBottomRight: [wide ? sides[1] : 0, tall ? 28 : 0],
      animate: false
    });
  };
})();
