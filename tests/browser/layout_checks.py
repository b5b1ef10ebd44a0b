"""JavaScript that measures the layout of a dashboard in the page."""

CUT_TEXTS = """(root) => {
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
    const ownText = (element) => [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent.trim()).join("");
    return [...root.querySelectorAll("*:not(svg *):not(option):not(select)")]
        .filter((element) => ownText(element) && isShown(element))
        .filter((element) => element.scrollWidth > element.clientWidth + 1)
        .filter((element) => getComputedStyle(element).display !== "inline")
        .filter((element) => !element.closest("[title]"))
        .map((element) => `${element.className}: ${element.textContent}`);
}"""
"""Returns the texts that do not fit into their boxes, and are not in a tooltip."""

OVERLAPS = """(root) => {
    const selector = "button, select, input, label, [role=tab], [role=separator], .labkit-status, "
        + ".labkit-run-name, .labkit-loss-now, .labkit-pace, .labkit-tab, .labkit-facts";
    const boxes = [...root.querySelectorAll(selector)]
        .filter((element) => element.checkVisibility({ visibilityProperty: true }))
        .map((element) => [element, visible(element)])
        .filter(([, box]) => box.width > 1 && box.height > 1);
    function visible(element) {
        let { left, top, right, bottom } = element.getBoundingClientRect();
        for (let outer = element.parentElement; outer !== root; outer = outer.parentElement) {
            if (getComputedStyle(outer).overflow === "visible") continue;
            const clip = outer.getBoundingClientRect();
            [left, top] = [Math.max(left, clip.left), Math.max(top, clip.top)];
            [right, bottom] = [Math.min(right, clip.right), Math.min(bottom, clip.bottom)];
        }
        return { left, top, right, bottom, width: right - left, height: bottom - top };
    }
    const found = [];
    boxes.forEach(([one, a], index) => {
        for (const [other, b] of boxes.slice(index + 1)) {
            if (one.contains(other) || other.contains(one)) continue;
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 1 && down > 1) found.push(`${one.outerHTML} | ${other.outerHTML}`);
        }
    });
    return found;
}"""
"""Returns the pairs of controls that overlap."""

WATCH_BOXES = """(root) => {
    const selector = ".labkit-dashboard-head, .labkit-headline, .labkit-actions, .labkit-group, "
        + ".labkit-tab, .labkit-group-panel, .labkit-plot, .labkit-graph-stage";
    const measure = () => [root, ...root.querySelectorAll(selector)].map((element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        return [element.className, left, top, width, height].join(" ");
    });
    window.boxChanges = [];
    window.measuredFrames = 0;
    let last = measure();
    const sample = () => {
        const now = measure();
        now.forEach((box, index) => {
            if (box !== last[index]) window.boxChanges.push(`${last[index]} -> ${box}`);
        });
        last = now;
        window.measuredFrames += 1;
        requestAnimationFrame(sample);
    };
    requestAnimationFrame(sample);
}"""
"""Records in `window.boxChanges` the boxes that move or change their size, in each frame."""

IS_IN_SIGHT = """(element) => {
    const box = element.getBoundingClientRect();
    const panel = document.querySelector(".jp-WindowedPanel-outer").getBoundingClientRect();
    return box.height > 0 && box.top >= panel.top - 1 && box.bottom <= panel.bottom + 1;
}"""
"""Returns whether all of an element is in the visible part of the notebook."""

TEXTS_BEYOND_THEIR_PICTURE = """(root) => {
    const found = [];
    for (const text of root.querySelectorAll("svg text")) {
        const picture = text.ownerSVGElement.closest("svg[viewBox]") ?? text.ownerSVGElement;
        if (!text.checkVisibility({ visibilityProperty: true })) continue;
        const [inner, outer] = [text.getBoundingClientRect(), picture.getBoundingClientRect()];
        const isInside = inner.left >= outer.left - 1 && inner.right <= outer.right + 1
            && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
        const isDrawn = inner.width > 0 && outer.width > 0;
        const isClipped = text.closest(".labkit-graph, .labkit-plot, .js-plotly-plot");
        if (isDrawn && !isInside && !isClipped) found.push(text.textContent);
    }
    return found;
}"""
"""Returns the texts of SVG pictures that reach beyond them; graphs and plots can be moved."""
