// SPDX-License-Identifier: Apache-2.0
//
// The host's threads, as the networks use them: run(pool, count, body, context) of NAME_parallel.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

class Pool {
public:
    explicit Pool(int threads)
    {
        for (int i = 1; i < threads; i++) {
            workers_.emplace_back([this] { work(); });
        }
    }

    ~Pool()
    {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            ending_ = true;
        }
        begins_.notify_all();
        for (std::thread &worker : workers_) {
            worker.join();
        }
    }

    Pool(const Pool &) = delete;
    Pool &operator=(const Pool &) = delete;

    // The struct that a network's functions take: any NAME_parallel.
    template <typename Parallel> Parallel parallel()
    {
        return Parallel{run, this, static_cast<std::int64_t>(workers_.size()) + 1};
    }

private:
    using Body = void (*)(void *context, std::int64_t index);

    // The caller works too, and returns when every index is done.
    static void run(void *self, std::int64_t count, Body body, void *context)
    {
        Pool &pool = *static_cast<Pool *>(self);
        {
            std::lock_guard<std::mutex> lock(pool.mutex_);
            pool.body_ = body;
            pool.context_ = context;
            pool.count_ = count;
            pool.next_ = 0;
            pool.busy_ = pool.workers_.size();
            pool.round_++;
        }
        pool.begins_.notify_all();
        pool.take();
        std::unique_lock<std::mutex> lock(pool.mutex_);
        pool.ends_.wait(lock, [&pool] { return pool.busy_ == 0; });
    }

    void take()
    {
        for (std::int64_t i; (i = next_.fetch_add(1)) < count_;) {
            body_(context_, i);
        }
    }

    void work()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        for (std::uint64_t seen = 0;;) {
            begins_.wait(lock, [&] { return ending_ || round_ != seen; });
            if (ending_) {
                return;
            }
            seen = round_;
            lock.unlock();
            take();
            lock.lock();
            if (--busy_ == 0) {
                ends_.notify_one();
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable begins_, ends_;
    bool ending_ = false;
    std::uint64_t round_ = 0;
    std::size_t busy_ = 0;
    Body body_ = nullptr;
    void *context_ = nullptr;
    std::int64_t count_ = 0;
    std::atomic<std::int64_t> next_{0};
    std::vector<std::thread> workers_; // last: they use what stands above
};
