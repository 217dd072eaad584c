//! Takes code out of the browser's module that is never called there, though the linker can't know.
//!
//! Leptos takes a page over in one of two ways, at once or waiting for lazy code, and every view
//! carries both in a table of functions, so that neither is ever unused to the linker. The app does it
//! at once (`hydrate_body`); the other way's functions become a trap, and what only they called goes.
//! Every browser test takes pages over, in both kinds of build.

use std::path::Path;

use walrus::passes::gc;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

use crate::failure::{Outcome, While};

/// Part of the names of the functions that wait for lazy code.
const NEVER_CALLED: &str = "hydrate_async";

/// Rewrites the module in place; `names` says whether it keeps the names of functions.
pub fn take_out(wasm: &Path, names: bool) -> Outcome {
    let mut config = walrus::ModuleConfig::new();
    config.generate_name_section(names).generate_producers_section(false);
    let mut module = config
        .parse(&std::fs::read(wasm).could_not(|| format!("read {}", wasm.display()))?)
        .could_not(|| format!("understand {}", wasm.display()))?;
    let found = never_called(&module);
    println!("    {} functions are never called", found.len());
    for function in found {
        trap(&mut module, function);
    }
    gc::run(&mut module);
    module.emit_wasm_file(wasm).could_not(|| format!("write {}", wasm.display()))
}

fn never_called(module: &Module) -> Vec<FunctionId> {
    module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| {
            let name = module.funcs.get(*id).name.as_deref();
            name.is_some_and(|name| name.contains(NEVER_CALLED))
        })
        .collect()
}

/// Gives the function a body that ends the program.
fn trap(module: &mut Module, function: FunctionId) {
    let kind = module.types.get(module.funcs.get(function).ty());
    let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
    let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
    builder.func_body().unreachable();
    let arguments = parameters.into_iter().map(|kind| module.locals.add(kind)).collect();
    module.funcs.get_mut(function).kind = FunctionKind::Local(builder.local_func(arguments));
}

#[cfg(test)]
mod tests {
    use walrus::ValType;

    use super::*;

    #[test]
    fn a_function_that_is_never_called_goes_with_what_only_it_calls() {
        let mut module = Module::default();
        let add = |module: &mut Module, name: &str, calls: Option<FunctionId>| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
            builder.name(name.to_owned());
            let argument = module.locals.add(ValType::I32);
            if let Some(callee) = calls {
                builder.func_body().local_get(argument).call(callee);
            }
            builder.finish(vec![argument], &mut module.funcs)
        };
        let only_there = add(&mut module, "only_there", None);
        let waits = add(&mut module, "view::hydrate_async::closure", Some(only_there));
        let used = add(&mut module, "used", None);
        let takes_over = add(&mut module, "view::hydrate", Some(used));
        module.exports.add("waits", waits);
        module.exports.add("takes_over", takes_over);
        let file = std::env::temp_dir().join(format!("xtask-lean-{}.wasm", std::process::id()));
        assert!(module.emit_wasm_file(&file).is_ok());

        assert!(take_out(&file, true).is_ok());
        let lean = Module::from_file(&file).ok();
        let names: Option<Vec<String>> =
            lean.map(|lean| lean.funcs.iter().filter_map(|function| function.name.clone()).collect());
        let mut names = names.unwrap_or_default();
        names.sort();
        assert_eq!(names, ["used", "view::hydrate", "view::hydrate_async::closure"]);
        let _ = std::fs::remove_file(&file);
    }
}
