import type {ColumnEntry, DatasetEntry} from "../../../loaders/types.js";
import type {Season} from "../chart/season.js";

/** One line that a card shows. */
export interface Source {
  readonly key: string; // of the series on every page: "<dataset>/<column>"
  readonly dataset: DatasetEntry;
  readonly column: ColumnEntry;
  readonly label: string;
  readonly colour: string;
  readonly dash: string;
  readonly plain?: boolean; // without the band from least to greatest
  readonly season?: Season; // one year of it, on an axis that years share
}
