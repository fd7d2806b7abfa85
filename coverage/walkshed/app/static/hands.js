/* Rooms put on the map by hand: clicks and dragged pins reach the page at once. Loaded after session.js.
   Nothing else of the frame is reported to the page, so that a click costs one run and no more. */
(function () {
  "use strict";
  var W = window.walkshed, markers = W.markers, sent = 0, last = null, dropped = -Infinity;
  /* Let go over another pin, a drag ends with a click on what both have in common, the map: it means nothing. */
  var SAME_MS = 100;

  function send(act) {
    act.n = Date.now() + "-" + ++sent;
    window.Streamlit.setComponentValue({ last_clicked: null, act: act });
  }
  function at(act, place) {
    var here = place.wrap(), data = W.unmoved([here.lat, here.lng]);
    act.lat = data[0];
    act.lng = data[1];
    return act;
  }

  /* What a click on the map means: "" nothing, else it is told to the page. */
  W.hand = "";

  W.hands = function (map) {
    map.on("click", function (e) {
      if (!W.hand || (last && e.originalEvent && e.originalEvent === last)) return;
      if (performance.now() - dropped < SAME_MS) return;
      last = e.originalEvent || null;
      send(at({ kind: "click" }, e.latlng));
    });
  };

  W.mean = function (what) {
    W.hand = what;
    document.querySelectorAll(".leaflet-container").forEach(function (box) {
      box.classList.toggle("walkshed-hand", !!what);
    });
  };

  /* An item with `drag` can be dragged, and one with `gone` removed by the Delete key. */
  W.markers = function (o) {
    var layer = markers(o);
    layer.getLayers().forEach(function (marker, i) {
      var item = o.items[i];
      if (!item || !item.drag) return;
      marker.options.draggable = true;
      marker.options.autoPan = true;
      marker.on("dragstart", function () { marker.closeTooltip(); marker.closePopup(); });
      marker.on("dragend", function () {
        dropped = performance.now();
        send(at({ kind: "drag", id: item.drag }, marker.getLatLng()));
      });
      marker.on("add", function () {
        var icon = marker.getElement();
        if (!icon || !item.gone) return;
        icon.addEventListener("keydown", function (e) {
          if (e.key === "Delete") send({ kind: "remove", id: item.drag });
        });
      });
    });
    return layer;
  };
})();
