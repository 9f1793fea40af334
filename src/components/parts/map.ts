import {html, svg} from "npm:htl";
import type {SiteEntry} from "../../../loaders/types.js";
import {pageUrl} from "../catalogue.js";
import {colourOf} from "../data/colour.js";
import {mark} from "./mark.js";
import {layOut} from "./place.js";
import type {Box, Laid, Marker, Place} from "./place.js";
import {stateOf, states} from "./state.js";
import type {State} from "./state.js";

type Placed = SiteEntry & {readonly position: NonNullable<SiteEntry["position"]>};

/**
 * Where the sites are and how they fare: a locator of our own, without tiles and without another host. Nothing where no
 * site has a position; sites without one are named below.
 */
export function map(sites: readonly SiteEntry[]): Element | null {
  const placed = sites.filter((site): site is Placed => site.position !== undefined);
  if (placed.length === 0) return null;
  const lost = sites.filter(({position}) => !position).map(({label}) => label);
  const figure = html`<figure class="map"></figure>` as HTMLElement;
  const draw = () => {
    const width = Math.round(figure.clientWidth);
    if (width > 0 && width !== Number(figure.dataset.width)) {
      figure.dataset.width = String(width);
      figure.replaceChildren(drawing(placed, {width, height: Math.round(Math.min(320, Math.max(220, width * 0.4)))}));
    }
  };
  new ResizeObserver(draw).observe(figure);
  return html`<section class="card" aria-label="Map of the sites">
    ${figure}
    <p class="key muted">
      ${states.map(({name, words}) => html`<span class=${name}>${mark(name)} ${words}</span> `)}
      ${lost.length > 0 ? html`<span>Without a position: ${lost.join(", ")}</span>` : null}
    </p>
  </section>`;
}

interface Frame {
  readonly width: number;
  readonly height: number;
}

function drawing(sites: readonly Placed[], frame: Frame): Element {
  const places = sites.map(({label, position: [longitude, latitude]}): Place => ({label, longitude, latitude}));
  const laid = layOut(places, frame);
  return svg`<svg width=${frame.width} height=${frame.height} viewBox=${`0 0 ${frame.width} ${frame.height}`} role="group" aria-label="Map, north up">
    ${graticule(laid, frame)} ${scaleBar(laid, frame)}
    ${laid.markers.map(lead)}
    ${sites.map((site, index) => marker(site, laid.markers[index]!))}
  </svg>`;
}

function graticule({meridians, parallels}: Laid, {width, height}: Frame): Element {
  return svg`<g class="graticule" aria-hidden="true">
    ${meridians.map(({x}) => svg`<line x1=${x} x2=${x} y1="0" y2=${height} />`)}
    ${parallels.map(({y}) => svg`<line x1="0" x2=${width} y1=${y} y2=${y} />`)}
    ${labelled(meridians, width).map(({x, label}) => svg`<text x=${x + 4} y="12">${label}</text>`)}
    ${parallels.filter(({y}) => y > 32).map(({y, label}) => svg`<text x="4" y=${y - 4}>${label}</text>`)}
  </g>`;
}

/** Those that have room for their words before the right edge. */
function labelled(meridians: Laid["meridians"], width: number): Laid["meridians"] {
  return meridians.filter(({x, label}) => x + 4 + label.length * letter <= width);
}

const letter = 6.5; // CSS pixels, the width of one

function scaleBar({scale}: Laid, {width, height}: Frame): Element {
  const [right, left, base] = [width - 10, width - 10 - scale.pixels, height - 10];
  return svg`<g class="scale">
    <path d=${`M${left},${base - 5}V${base}H${right}V${base - 5}`} fill="none" />
    <text x=${left - 6} y=${base} text-anchor="end">${scale.label}</text>
  </g>`;
}

/** From a marker that had to give way to where its site is, and to a label that stands further off. */
function lead({x, y, trueX, trueY, label}: Marker): Element {
  const near = label && {
    x: Math.min(Math.max(x, label.x), label.x + label.width),
    y: Math.min(Math.max(y, label.y), label.y + label.height)
  };
  return svg`<g class="lead" aria-hidden="true">
    ${Math.hypot(trueX - x, trueY - y) > 1 ? svg`<path d=${`M${x},${y}L${trueX},${trueY}`} /><circle cx=${trueX} cy=${trueY} r="2" />` : null}
    ${near && Math.hypot(near.x - x, near.y - y) > 14 ? svg`<path d=${`M${x},${y}L${near.x},${near.y}`} />` : null}
  </g>`;
}

function marker(site: Placed, {x, y, label}: Marker): Element {
  const state = stateOf(site);
  return svg`<a href=${pageUrl(`sites/${site.slug}`)} class=${state.name} style=${`--site: ${colourOf(site.dataset)}`} aria-label=${`${site.label}: ${state.words}`}>
    <circle class="reach" cx=${x} cy=${y} r="12" />
    ${shapeOf(state, x, y)}
    ${label ? name(site.label, x, label) : null}
  </a>`;
}

/** Beside its marker, or in the middle above or below it. */
function name(text: string, x: number, {x: left, y: top, width}: Box): Element {
  const anchor = left >= x ? "start" : left + width <= x ? "end" : "middle";
  const at = {start: left + 2, middle: left + width / 2, end: left + width - 2}[anchor];
  return svg`<text x=${at} y=${top + 13} text-anchor=${anchor}>${text}</text>`;
}

/** Fresh sites are discs, late ones triangles, silent ones squares: told apart without colours. */
function shapeOf({name}: State, x: number, y: number): Element {
  if (name === "fresh") return svg`<circle class="shape" cx=${x} cy=${y} r="7" />`;
  if (name === "late") return svg`<path class="shape" d=${`M${x},${y - 9}l9,15h-18Z`} />`;
  return svg`<rect class="shape" x=${x - 6} y=${y - 6} width="12" height="12" />`;
}
