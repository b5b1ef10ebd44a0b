/** The computation graph of a run, folded into its modules and coloured by its gradients. */

import type { DrawView } from "../session";
import { GraphView } from "./view";

export const drawGraph: DrawView = (root, session) => {
  const view = new GraphView(root, session);
  return () => view.close();
};
