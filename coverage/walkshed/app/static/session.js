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
    if (styled && map.getSize().x > 0) {
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

  /* Rows of the box that opens over a feature: [{label, values, texts}], a character of `values` per feature. */
  W.tell = function (id, columns) {
    if (W.layers[id]) W.layers[id].tell(columns);
  };
})();
