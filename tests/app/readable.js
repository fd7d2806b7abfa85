/* What test_every_page_browser.py asks of a page: window.readable.contrast(), .unnamed(), .focus(). */
(() => {
    const AA = 4.5, AA_LARGE = 3.0, LARGE_PX = 24, LARGE_BOLD_PX = 18.66, ROUNDING = 0.01;

    function parsed(colour) {
        const numbers = (colour.match(/[\d.]+/g) || []).map(Number);
        return numbers.length > 3 ? numbers : [...numbers, 1];
    }
    function over(top, under) {
        return [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
    }
    function light(colour) {
        const linear = colour.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }
    /* What a text stands on: the grounds of all that it lies in; the figure above a slider's knob is not on the knob. */
    function ground(element) {
        const stack = [], own = element.getBoundingClientRect(), x = own.left + own.width / 2, y = own.top + own.height / 2;
        for (let e = element; e; e = e.parentElement) {
            const box = e.getBoundingClientRect(), around = e === document.documentElement || e === document.body ||
                (box.left <= x && x <= box.right && box.top <= y && y <= box.bottom);
            if (around) stack.push(parsed(getComputedStyle(e).backgroundColor));
        }
        return stack.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
    }
    function shown(element) {
        return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getBoundingClientRect().width > 1;
    }

    /* Texts that stand out too little from what they stand on (WCAG 2.1 AA); what is disabled may. */
    function contrast() {
        const poor = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            const e = node.parentElement, words = node.textContent.trim(), style = getComputedStyle(e);
            if (!words || e.closest('style, script, svg, [disabled], [aria-disabled="true"], label:has([disabled])')) continue;
            const size = parseFloat(style.fontSize);
            if (!shown(e) || size < 1) continue;
            const under = ground(e), ink = over(parsed(style.color), under);
            const [low, high] = [light(ink), light(under)].sort((a, b) => a - b), ratio = (high + 0.05) / (low + 0.05);
            const icon = /Material Symbols/.test(style.fontFamily); // a picture drawn by a font: what holds for graphics
            const large = icon || size >= LARGE_PX || (size >= LARGE_BOLD_PX && style.fontWeight >= 700);
            if (ratio < (large ? AA_LARGE : AA) - ROUNDING) poor.push([words.slice(0, 40), style.color, under.join(), ratio.toFixed(2)]);
        }
        return poor;
    }

    /* What can be used and has no name for those who hear the page. */
    function unnamed() {
        const kinds = "button, input, textarea, select, a[href], [role=combobox], [role=slider], iframe";
        return [...document.querySelectorAll(kinds)]
            .filter((e) => shown(e) && !e.closest('[aria-hidden="true"]'))
            .filter((e) => !(e.innerText || e.ariaLabel || e.title || e.alt || e.placeholder || e.labels?.length ||
                e.getAttribute("aria-labelledby") || e.querySelector("img[alt], [aria-label]")))
            .map((e) => e.outerHTML.slice(0, 160));
    }

    /* What has the focus, and whether that can be seen on it or on what stands for it; null where nothing has. */
    function focus() {
        const e = document.activeElement;
        if (!e || e === document.body) return null;
        const near = [e, e.nextElementSibling, e.parentElement, e.parentElement?.parentElement, e.closest("label")];
        const marked = near.filter(Boolean).some((one) => {
            const style = getComputedStyle(one);
            return style.outlineStyle !== "none" || style.boxShadow !== "none";
        });
        return [`${e.tagName} ${(e.ariaLabel || e.innerText || e.type || "").slice(0, 30)}`, marked || e.tagName === "IFRAME"];
    }

    window.readable = { contrast, unnamed, focus };
})();
