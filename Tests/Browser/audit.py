"""What every page must hold: names on all controls, contrast, nothing beyond the width of the page, nothing from elsewhere."""

from chromium import Failure

# Every text against what is behind it (WCAG 2.1, 1.4.3), every mark of a legend (1.4.11: 3), and every control's rim.
CONTRAST = """(() => {
    const parse = (text) => {
        const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
        return [r, g, b, a];
    };
    const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
    const ground = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
        return layers.reduceRight((back, front) => over(front, back), [255, 255, 255, 1]);
    };
    const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (one, other) => {
        const [a, b] = [luminance(one), luminance(other)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const faint = [];
    let count = 0;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.textContent.trim() || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'TITLE'].includes(element.tagName) || element.closest('.unseen, .skip, [hidden]')) continue;
        if (element.closest('button:disabled')) continue;
        const style = getComputedStyle(element);
        if (style.visibility === 'hidden' || element.getClientRects().length === 0) continue;
        const isDrawn = element.closest('svg');
        let opacity = 1;
        for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
        const back = ground(isDrawn ? isDrawn.parentElement : element);
        const front = parse(isDrawn ? style.fill : style.color);
        front[3] *= opacity;
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const found = ratio(over(front, back), back);
        count += 1;
        if (found < (isLarge ? 3 : 4.5)) faint.push(`${found.toFixed(2)} "${node.textContent.trim().slice(0, 40)}"`);
    }
    for (const key of document.querySelectorAll('svg.key rect')) {
        if (key.closest('[hidden]') || key.getClientRects().length === 0) continue;
        const style = getComputedStyle(key);
        const found = Math.max(ratio(parse(style.fill), ground(key.closest('ul'))), style.stroke === 'none' ? 0 : ratio(parse(style.stroke), ground(key.closest('ul'))));
        count += 1;
        if (found < 3) faint.push(`${found.toFixed(2)} mark ${key.getAttribute('class')}`);
    }
    for (const control of document.querySelectorAll('input:not([type=range], [type=checkbox], .unseen), select, button:not(:disabled)')) {
        if (control.closest('[hidden]') || control.getClientRects().length === 0) continue;
        const style = getComputedStyle(control);
        const found = Math.max(ratio(parse(style.borderTopColor), ground(control.parentElement)), ratio(parse(style.backgroundColor), ground(control.parentElement)));
        count += 1;
        if (found < 3) faint.push(`${found.toFixed(2)} rim of ${control.id || control.textContent}`);
    }
    return { count, faint };
})()"""

NAMED = {"button", "link", "textbox", "combobox", "checkbox", "slider", "spinbutton", "progressbar", "image", "region", "searchbox", "listbox", "table", "figure"}


def audit(page, what):
    """Checks the page as it stands. Returns how many texts and controls were looked at."""
    contrast = page.evaluate(CONTRAST)
    if contrast["faint"] or contrast["count"] < 5:
        raise Failure(f"{what}: of {contrast['count']} these are too faint: {contrast['faint']}")
    page.call("Accessibility.enable")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    page.call("Accessibility.disable")
    named = 0
    for node in nodes:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in NAMED:
            continue
        named += 1
        # A figure is named by its caption, which Chromium gives where it asks for it; the drawing in it is named itself.
        if role != "figure" and not node.get("name", {}).get("value", "").strip():
            raise Failure(f"{what}: a {role} has no name: {node}")
    problems = page.evaluate("""(() => {
        const found = [];
        if (document.documentElement.scrollWidth > innerWidth) found.push(`it is ${document.documentElement.scrollWidth} pixels wide`);
        if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
        if (!document.documentElement.lang) found.push('no language');
        if (!document.title) found.push('no title');
        const slip = document.body.innerText.match(/.*(\\bnull\\b|undefined|NaN|\\[object).*/);
        if (slip && !document.querySelector('pre')?.innerText.includes(slip[0])) found.push(`it says ${slip[0]}`);
        const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
        for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`two elements are #${id}`);
        for (const field of document.querySelectorAll('input, select, textarea, progress')) {
            if (!field.labels?.length && !field.getAttribute('aria-label')) found.push(`${field.outerHTML.slice(0, 80)} has no label`);
        }
        for (const one of document.querySelectorAll('[aria-describedby]')) {
            for (const id of one.getAttribute('aria-describedby').split(' ')) if (!document.getElementById(id)) found.push(`nothing is #${id}`);
        }
        return found;
    })()""")
    if problems:
        raise Failure(f"{what}: {problems}")
    return contrast["count"] + named
