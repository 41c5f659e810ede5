//! The examples stand in folders of their own; this library is empty, because a package has to have a target that is built by default.
