// A file system for the store that fails from the n-th write on, as a disk does that is full or
// pulled out. Any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace heapwatch {

class FailingFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingFiles(std::uint64_t writes_that_work);

  // What a wrapped Env serves must outlive it.
  static std::unique_ptr<rocksdb::Env> EnvOver(std::shared_ptr<FailingFiles> files) {
    return rocksdb::NewCompositeEnv(std::move(files));
  }

  const char* Name() const override { return "FailingFiles"; }
  // Whether a write has failed already.
  bool has_failed() const { return has_failed_; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

  void FailFromNowOn() { left_ = 0; }
  void Heal() { left_ = UINT64_MAX; }

  // Counts one more write.
  rocksdb::IOStatus Write();

 private:
  std::atomic<std::uint64_t> left_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace heapwatch
