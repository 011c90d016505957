// What of Apache ECharts our pages use; whoever needs another kind of chart adds it here.
import { BarChart, CustomChart, HeatmapChart, LineChart, MapChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GeoComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, registerMap, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  AriaComponent, BarChart, CanvasRenderer, CustomChart, DataZoomComponent, GeoComponent, GridComponent,
  HeatmapChart, LegendComponent, LineChart, MapChart, MarkAreaComponent, MarkLineComponent,
  MarkPointComponent, ScatterChart, TooltipComponent, VisualMapComponent,
]);

export { init, registerMap };
