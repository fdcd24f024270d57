use crate::call::Call;
pub(crate) fn run(call: &Call) -> i32 {
    call.finish("", 0)
}
