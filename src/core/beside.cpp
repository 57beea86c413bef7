#include "moestro/core/beside.h"

#include <map>

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace moestro {
namespace {

using c10::impl::VirtualGuardImpl;

// One a device and thread, for good: memory that was freed on a stream is taken again on it alone.
c10::Stream stream_beside(c10::Device device) {
  thread_local std::map<c10::DeviceIndex, c10::Stream> streams;
  const auto found = streams.find(device.index());
  if (found != streams.end()) return found->second;
  const c10::Stream stream = VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device);
  return streams.emplace(device.index(), stream).first->second;
}

}  // namespace

struct Beside::Done {
  Done(const c10::Stream& here, const c10::Stream& beside)
      : here(here), beside(beside), event(here.device_type()) {}
  c10::Stream here, beside;
  c10::Event event;
};

Beside::Beside(c10::Device device, const std::function<void()>& work) {
  if (!device.is_cuda()) {
    work();
    return;
  }
  const c10::Stream here = VirtualGuardImpl(device.type()).getStream(device),
                    beside = stream_beside(device);
  c10::Event before(device.type());
  before.record(here);
  before.block(beside);
  done_ = std::make_unique<Done>(here, beside);
  const c10::StreamGuard guard(beside);
  try {
    work();
  } catch (...) {  // nothing is left on the other stream that this one does not wait for
    done_->event.record(beside);
    wait();
    throw;
  }
  done_->event.record(beside);
}

Beside::~Beside() {
  try {
    wait();
  } catch (const std::exception&) {  // what went wrong on the device is on its way already
  }
}

void Beside::share(const std::vector<Tensor>& tensors) const {
  if (!done_) return;
  for (const Tensor& tensor : tensors)
    for (const c10::Stream& stream : {done_->here, done_->beside})
      if (tensor.defined()) tensor.record_stream(stream);
}

void Beside::wait() {
  if (!done_) return;
  const std::unique_ptr<Done> done = std::move(done_);
  done->event.block(done->here);
}

}  // namespace moestro
