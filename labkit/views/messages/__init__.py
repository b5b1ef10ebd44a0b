"""The types of everything that a kernel and a page exchange.

The modules of this package and the files of ``frontend/src/messages`` have the same names, and
define types with the same names. One fixture of each type, written by
``python -m tests.widgets.fixtures``, is checked by the tests of both sides.

============== =============================================== ============================
module         exchanged by                                    where the protocol version is
============== =============================================== ============================
``kernel``     the run's channel, kernel to page               `ChannelState.protocol`
``page``       the run's channel, page to kernel               `HelloMessage.protocol`
``stepper``    the stepper's widget, in both directions        `WalkMessage.protocol`,
                                                               `WalkRequest.protocol`
``runs``       the widget of a folder of runs, both ways       `RunsMessage.protocol`,
                                                               `RunsRequest.protocol`
``playground`` the playground's widget, both ways              `PlaygroundSetup.protocol`,
                                                               `PlaygroundHello.protocol`
``loop``       the state of the loop with switches             `LoopState.protocol`,
                                                               `LoopSwitched.page_protocol`
``pad``        the drawing pad's widget state                  `PadState.protocol`,
                                                               `PadDrawing.page_protocol`
``prediction`` the state of a prediction's card, both ways     `PredictionState.protocol`,
                                                               `LockMessage.protocol`
``race``       the state of the race of optimizers             `RaceState.protocol`,
                                                               `RaceRequest.page_protocol`
``line``       the state of the widget that fits a line        `LineState.protocol`,
                                                               `LineRequest.page_protocol`
``batches``    the trace of a data loader, to the page         `BatchesState.protocol`
``sliding``    the state of the kernel that slides             `SlidingState.protocol`,
                                                               `SlidingRequest.page_protocol`
``storage``    the state of the storage explorer               `StorageState.protocol`,
                                                               `StorageAsked.page_protocol`
``broadcast``  the state of the broadcasting explorer          `BroadcastState.protocol`,
                                                               `BroadcastAsked.page_protocol`
``boundary``   the boundary view of the course, both ways      `BoundaryViewState.protocol`,
               and the state of its threshold view             `WantMessage.protocol`,
                                                               `ThresholdViewState.protocol`
``widgets``    the state of the channel and of the views       `ChannelState.protocol`
============== =============================================== ============================

`protocol`, `run`, `tables`, `graph` and `values` define what these messages contain. Numbers that
may be NaN or infinite are sent in binary buffers, little endian.
"""
