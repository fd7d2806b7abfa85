/* What a map in a session needs beyond walkshed's own map.js: facts about homes that change at every click, canvases that go
   away with their layer, a first view that waits for the styles, a page that stays where it is. Loaded after map.js. */
(function () {
  "use strict";
  var W = window.walkshed, compact = W.compact;

  W.compact = function (o, source) {
    var own = null, layer;
    function keep(payload) {
      own = payload;
      layer.fixed = payload.columns || [];
      refresh();
      return payload;
    }
    function refresh() {
      if (own) own.columns = layer.fixed.concat(layer.told || []);
    }
    var later = source && typeof source.then === "function";
    layer = compact(o, later ? source.then(keep) : source);
    if (source && !later) keep(source);
    layer.tell = function (columns) {
      layer.told = columns;
      refresh();
    };
    layer.on("remove", function () {
      var shapes = layer.getLayers(), renderer = shapes.length ? shapes[0].options.renderer : null;
      if (renderer && renderer._map) renderer.remove();
    });
    return layer;
  };

  /* Leaflet focuses the map when the mouse goes down on it. The page around the frame would scroll to show all of the map,
     and the mouse would come up, and click, somewhere else. */
  var dress = W.dress;
  W.dress = function (map, o) {
    var container = map.getContainer();
    container.focus = function () { HTMLElement.prototype.focus.call(container, { preventScroll: true }); };
    dress(map, o);
  };

  /* The frame loads style sheets without waiting for them; measured before, panels are as wide as the page. */
  var fit = W.fit, patience = 200;
  W.fit = function (map, bounds) {
    var sheets = Array.prototype.slice.call(document.querySelectorAll('link[rel="stylesheet"]'));
    var styled = sheets.length > 0 && sheets.every(function (link) { return link.sheet; });
    if (styled && map.getSize().x > 0 && map.getSize().y > 0) {
      map.invalidateSize({ animate: false });
      if (map.getSize().x < 640) {
        document.querySelectorAll(".walkshed-legend").forEach(function (legend) { legend.open = false; });
      }
      fit(map, bounds);
    } else if (patience-- > 0) setTimeout(function () { W.fit(map, bounds); }, 25);
  };

  /* The box that a click opens takes the place of the one under the mouse. */
  var markers = W.markers;
  W.markers = function (o) {
    var layer = markers(o);
    layer.on("popupopen", function (e) {
      var source = e.popup && e.popup._source;
      if (source && source.closeTooltip) source.closeTooltip();
    });
    return layer;
  };

  /* Amap draws its streets shifted by some hundred metres (GCJ-02); over it, and only there, everything else is drawn shifted
     alike. Data stay as they are. The formula is the public one of coordinates.py. */
  var shifted = false, A = 6378245.0, EE = 0.00669342162296594323;
  function waves(x) { return (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2 / 3; }
  function moved(at) {
    var lat = at[0], lon = at[1], x = lon - 105, y = lat - 35, s = Math.sqrt(Math.abs(x)), pi = Math.PI;
    if (!shifted || lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return at;
    var north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * s + waves(x) +
      (20 * Math.sin(y * pi) + 40 * Math.sin(y / 3 * pi)) * 2 / 3 + (160 * Math.sin(y / 12 * pi) + 320 * Math.sin(y * pi / 30)) * 2 / 3;
    var east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * s + waves(x) +
      (20 * Math.sin(x * pi) + 40 * Math.sin(x / 3 * pi)) * 2 / 3 + (150 * Math.sin(x / 12 * pi) + 300 * Math.sin(x / 30 * pi)) * 2 / 3;
    var rad = lat / 180 * pi, magic = 1 - EE * Math.sin(rad) * Math.sin(rad), root = Math.sqrt(magic);
    return [lat + north * 180 / (A * (1 - EE) / (magic * root) * pi), lon + east * 180 / (A / root * Math.cos(rad) * pi)];
  }
  function movedAll(at) { return typeof at[0] === "number" ? moved(at) : at.map(movedAll); }
  W.moved = moved;
  /* The place in the data of a place on the shifted map: what is drawn there; three steps leave less than a millimetre. */
  W.unmoved = function (at) {
    var found = at;
    for (var step = 0; step < 3; step++) {
      var drawn = moved(found);
      found = [found[0] + at[0] - drawn[0], found[1] + at[1] - drawn[1]];
    }
    return found;
  };
  W.datum = function (map, o) { shifted = o.name === "gcj02"; };
  var decode = W.decode;
  W.decode = function (text, scale) {
    var features = decode(text, scale);
    if (shifted) features.forEach(function (feature) { if (feature.at) feature.at = movedAll(feature.at); });
    return features;
  };
  var signs = W.markers;
  W.markers = function (o) {
    return signs(shifted ? L.extend({}, o, { items: o.items.map(function (item) { return L.extend({}, item, { at: moved(item.at) }); }) }) : o);
  };

  /* A value that Python packed (deflated JSON in base64), as a promise: it takes a third of the way. */
  W.unpack = function (text) {
    var bytes = Uint8Array.from(atob(text), function (c) { return c.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  };

  /* What lies packed at an address, fetched once. */
  var known = {};
  W.fetched = function (url) {
    if (!known[url]) {
      known[url] = fetch(url).then(function (r) { return r.text(); }).then(W.unpack);
      known[url].catch(function () { delete known[url]; });
    }
    return known[url];
  };

  /* Exactly these layers stand on the map beside those of the page: [{key, options, markers, url, shapes}]. One that stands
     there already is left alone, so that a click moves nothing that it does not change. */
  W.stay = function (map, wanted) {
    var standing = (map.walkshedStanding = map.walkshedStanding || {}), named = {};
    wanted.forEach(function (o) {
      named[o.key] = true;
      if (standing[o.key]) return;
      var source = o.url ? W.fetched(o.url) : o.shapes ? W.unpack(o.shapes) : null;
      standing[o.key] = (o.markers ? W.markers(o.options) : W.compact(o.options, source)).addTo(map);
    });
    Object.keys(standing).forEach(function (key) {
      if (named[key]) return;
      var gone = standing[key];
      delete standing[key];
      map.removeLayer(gone);
      Object.keys(W.layers).forEach(function (id) { if (W.layers[id] === gone) delete W.layers[id]; });
    });
  };

  /* Classes of the homes and facts about them; of two that are on their way the later one counts. `same`: addresses of facts
     that come before those of this click. */
  var latest = {};
  W.follow = function (id, text, same) {
    var mine = (latest[id] = (latest[id] || 0) + 1);
    W.pending++;
    Promise.all([W.unpack(text)].concat((same || []).map(W.fetched))).then(function (given) {
      if (mine !== latest[id]) return;
      W.tell(id, [].concat.apply([], given.slice(1)).concat(given[0].columns));
      W.paint(id, given[0].codes);
    }).finally(function () { W.pending--; });
  };

  /* Rows of the box that opens over a feature: [{label, values, texts}], a character of `values` per feature. */
  W.tell = function (id, columns) {
    if (W.layers[id]) W.layers[id].tell(columns);
  };
})();
